/**
 * Tells batches with ordinary texts from those with long ones, so that builders need not add up the
 * text of every row. Looks at each entry of a dictionary once, as it grows.
 */
import { type Batch, columnOf } from '../../data/batch.ts'
import { isText } from '../../data/column.ts'
import type { Pool } from '../../data/pool.ts'
import type { AnySchema } from '../../data/schema.ts'
import { Fault } from '../../fault.ts'
import type { BlockLimits } from './builder.ts'

interface Seen {
  readonly column: number
  pool: Pool | null
  entries: number
  longest: number
}

export class TextGauge {
  readonly #limits: BlockLimits
  readonly #seen: Seen[]

  constructor(schema: AnySchema, limits: BlockLimits) {
    this.#limits = limits
    this.#seen = schema.list.flatMap((f, column) =>
      isText(f.kind) ? [{ column, pool: null, entries: 0, longest: 0 }] : [],
    )
  }

  /** True where a block of rows like the batch's may have more than `textBytesMax` of text. */
  longText(batch: Batch): boolean {
    let longest = 0
    for (const seen of this.#seen) {
      const { pool } = columnOf(batch, seen.column)
      if (pool !== null) longest += look(seen, pool)
    }
    return longest * this.#limits.rowsMax > this.#limits.textBytesMax
  }
}

function look(seen: Seen, pool: Pool): number {
  // A pool that is not unique may have been cleared and filled again since.
  if (seen.pool !== pool || !pool.unique) {
    seen.pool = pool
    seen.entries = 0
    seen.longest = 0
  }
  const { offsets, count } = pool
  if (count < seen.entries)
    throw new Fault('engine', 'a dictionary was cleared while an exchange held codes of it')
  let { longest } = seen
  for (let e = seen.entries; e < count; e++) {
    const length = (offsets[e + 1] as number) - (offsets[e] as number)
    if (length > longest) longest = length
  }
  seen.entries = count
  seen.longest = longest
  return longest
}
