/** How much memory the rows of text files can take. */
import { bytesPerRow } from '../../../engine/data/column.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { sniff } from './compression.ts'
import { listFiles } from './list.ts'
import { isObjectUri } from '../objects/uri.ts'

/** The shortest record: a character and a line feed. */
const RECORD_BYTES = 2

/** As columns; Infinity where a file is compressed, or would have to be asked for. Throws as `listFiles`. */
export function decodedBytesMax(uri: string, { list }: AnySchema): number {
  if (isObjectUri(uri)) return Number.POSITIVE_INFINITY
  const files = listFiles(uri)
  if (files.some(({ path }) => sniff(path).compression !== 'none')) return Number.POSITIVE_INFINITY
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const width = list.reduce((sum, { kind }) => sum + bytesPerRow(kind) + (kind.optional ? 1 : 0), 0)
  return bytes + Math.ceil(bytes / RECORD_BYTES) * width
}
