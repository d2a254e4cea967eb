/** A row group's statistics as a pipeline sees the values: what pruning decides from. */
import { isText, newColumn } from '../../../engine/data/column.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { readValue } from '../../../engine/data/value.ts'
import type { Binding } from './bind.ts'
import { ENCODING, type RowGroupMeta } from './format.ts'
import { readRaw } from './plain-read.ts'

/** Bounds are inclusive, and may lie outside the values (long text is cut); null where none is known. */
export interface ColumnStatistics {
  readonly min: unknown
  readonly max: unknown
  readonly nullCount: number | null
}
export interface GroupStatistics {
  readonly rows: number
  readonly columns: ReadonlyMap<string, ColumnStatistics>
}
/** True where the row group can hold no row that is wanted. */
export type Prune = (statistics: GroupStatistics) => boolean

export function groupStatistics(
  schema: AnySchema,
  bindings: readonly Binding[],
  { rows, chunks }: RowGroupMeta,
): GroupStatistics {
  const columns = new Map<string, ColumnStatistics>()
  bindings.forEach((binding, i) => {
    const found = chunks[binding.index]?.statistics
    const name = schema.list[i]?.name as string
    const min = found?.min ? boundOf(binding, found.min) : null
    const max = found?.max ? boundOf(binding, found.max) : null
    columns.set(name, { min, max, nullCount: found?.nullCount ?? null })
  })
  return { rows, columns }
}

/** The bound as a lambda would see it; null where it cannot be read. */
function boundOf({ leaf, kind, convert }: Binding, bytes: Uint8Array): unknown {
  if (isText(kind)) return kind.tag === 'utf8' ? Buffer.from(bytes).toString() : bytes
  if (convert === null) return null
  try {
    // Statistics of byte arrays have no length before the value.
    const raw = {
      count: 1,
      lanes: 0 as const,
      words: new Int32Array(0),
      bytes,
      starts: ZERO,
      ends: Int32Array.of(bytes.length),
    }
    const { values, flaws } = convert(
      leaf.type >= 6 ? raw : readRaw(leaf, ENCODING.PLAIN, Uint8Array.from(bytes), 1),
    )
    if (flaws?.[0]) return null
    const column = newColumn(kind.required, 1)
    column.values = values
    return readValue(column, 0)
  } catch {
    // A bound that is damaged, or no number of ours, prunes nothing.
    return null
  }
}
const ZERO = new Int32Array(1)
