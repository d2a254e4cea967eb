/**
 * The dictionary of a utf8 or bytes column that is read. A split whose first rows show many distinct
 * values goes on without one; which it is follows from the split's rows alone.
 */
import type { Column } from '../../../engine/data/column.ts'
import { Pool } from '../../../engine/data/pool.ts'
import type { Located } from './copy-out.ts'

const JUDGED = 16_384
const ENTRIES_MAX = 1 << 20
const BYTES_MAX = 64 << 20

export class Texts {
  readonly #column: Column
  readonly #plain = new Pool(false, 16)
  #dictionary = new Pool(true)
  #many = false
  #rows = 0
  /** How many codes are allowed, of a `oneOf`: its values, the first codes. 0: all. */
  readonly allowed: number

  constructor(column: Column) {
    this.#column = column
    this.#many = column.kind.tag === 'bytes'
    this.#begin()
    this.allowed = column.kind.values === null ? 0 : this.#dictionary.count
  }

  decode({ bytes, at, lengths, stride, rows }: Located, field: number): void {
    const { count, size } = this.#dictionary
    if (count >= ENTRIES_MAX || size >= BYTES_MAX) this.#begin()
    const pool = this.#many ? this.#plain : this.#dictionary
    if (this.#many) pool.clear()
    const codes = this.#column.values as Int32Array
    for (let r = 0, k = field * stride; r < rows; r++, k++) {
      const length = lengths[k] as number
      const start = at[k] as number
      if (length === -1) codes[r] = 0
      else
        codes[r] = this.#many
          ? pool.append(bytes, start, start + length)
          : pool.intern(bytes, start, start + length)
    }
    // The code under a null is that of some entry.
    if (pool.count === 0) pool.internString('')
    this.#column.pool = pool
    if (this.#rows < JUDGED && this.allowed === 0 && !this.#many) this.#judge(rows)
  }

  #judge(rows: number): void {
    this.#rows += rows
    this.#many = this.#rows >= JUDGED && this.#dictionary.count * 2 > this.#rows
  }

  #begin(): void {
    this.#dictionary = new Pool(true)
    for (const value of this.#column.kind.values ?? []) this.#dictionary.internString(value)
  }
}
