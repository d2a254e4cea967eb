/** How much memory the rows of a file can take as columns, by what its footer says. */
import { bytesPerRow, isText } from '../../../engine/data/column.ts'
import { ENCODING } from './format.ts'
import type { PlannedFile } from './split-plan.ts'

/** Text takes no more than its pages before compression; Infinity where prefixes are left out of them. */
export function decodedBytesMax({ groups, bindings }: PlannedFile): number {
  let bytes = 0
  for (const { rows, chunks } of groups)
    for (const { kind, index, nested } of bindings) {
      if (nested !== null) return Number.POSITIVE_INFINITY
      bytes += rows * (bytesPerRow(kind) + (kind.optional ? 1 : 0))
      const chunk = chunks[index]
      if (!isText(kind) || chunk === undefined) continue
      const prefixes = chunk.encodings.includes(ENCODING.DELTA_BYTE_ARRAY)
      bytes += prefixes ? Number.POSITIVE_INFINITY : chunk.rawBytes
    }
  return bytes
}
