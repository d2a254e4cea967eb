/**
 * Bytes of large values that a writer takes at once: a row group's size is known only of the rows before,
 * and the next ones may be a thousand times as large. Values that are not large are bounded by the count of
 * rows. What is counted follows from the rows alone, never from how they were cut into batches.
 */
import type { Column } from '../../../engine/data/column.ts'

/** Of a value that is counted. */
const LARGE_BYTES = 1024

export class LargeValues {
  readonly #bytesMax: number
  #bytes = 0
  /** Of the batch: columns that have one. */
  #columns: Column[] = []

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Whether more were counted than are taken at once. */
  get many(): boolean {
    return this.#bytes >= this.#bytesMax
  }

  clear(): void {
    this.#bytes = 0
  }

  /** Before rows from..to of a batch. */
  meet(columns: readonly Column[], selection: Int32Array | null, from: number, to: number): void {
    this.#columns = columns.filter(column => hasLarge(column, selection, from, to))
  }

  /** Counts the rows from `from` on; answers where there are as many as are taken at once, or `to`. */
  reach(selection: Int32Array | null, from: number, to: number): number {
    if (this.#columns.length === 0) return to
    for (let k = from; k < to; k++) {
      const row = selection === null ? k : (selection[k] as number)
      for (const column of this.#columns) {
        const bytes = bytesAt(column, row)
        if (bytes >= LARGE_BYTES) this.#bytes += bytes
      }
      if (this.many) return k + 1
    }
    return to
  }
}

function bytesAt({ values, valid, pool }: Column, row: number): number {
  if (pool === null || (valid !== null && valid[row] === 0)) return 0
  const code = values[row] as number
  return (pool.offsets[code + 1] as number) - (pool.offsets[code] as number)
}

/** Of a small dictionary its entries are looked at, else the rows. */
function hasLarge(column: Column, selection: Int32Array | null, from: number, to: number): boolean {
  const { pool } = column
  if (pool === null) return false
  const { offsets, count, size, dictionary } = pool
  // Of a dictionary that threads share neither is known.
  const known = dictionary < 0
  if (known && size < LARGE_BYTES) return false
  if (known && count <= to - from) {
    for (let code = 0; code < count; code++)
      if ((offsets[code + 1] as number) - (offsets[code] as number) >= LARGE_BYTES) return true
    return false
  }
  for (let k = from; k < to; k++)
    if (bytesAt(column, selection === null ? k : (selection[k] as number)) >= LARGE_BYTES)
      return true
  return false
}
