/**
 * Rows of a nested column that were put together, in their order. A batch takes them all, or as many as
 * another of its columns has; those behind are copied.
 */
import { type Column, newColumn } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { Pool } from '../../../engine/data/pool.ts'
import type { Filled } from './decoded.ts'
import { FLAW } from './flaws.ts'

const FIRST_ROWS = 256

export class ReadyRows {
  readonly #kind: Kind
  readonly #pool = new Pool(false)
  #column: Column
  readonly #reasons = new Map<number, string>()
  rows = 0

  constructor(kind: Kind) {
    this.#kind = kind
    this.#column = newColumn(kind.nullable, FIRST_ROWS, this.#pool)
  }

  get bytes(): number {
    return this.#pool.size
  }

  /** A value's bytes behind a first byte, up to `end`; 0: null. */
  add(bytes: Uint8Array, end: number): void {
    this.#room()
    if (end > 0) this.#put(bytes, 1, end)
    this.rows++
  }

  /** A row that cannot be read. */
  refuse(why: string): void {
    this.#room()
    this.#reasons.set(this.rows, why)
    ;(this.#column.valid as Uint8Array)[this.rows++] = 1
  }

  #put(bytes: Uint8Array, start: number, end: number): void {
    const { values, valid } = this.#column
    values[this.rows] = this.#pool.append(bytes, start, end)
    ;(valid as Uint8Array)[this.rows] = 1
  }

  #room(): void {
    const { values, valid } = this.#column
    if (this.rows < values.length) return
    const larger = newColumn(this.#kind.nullable, values.length * 2, this.#pool)
    ;(larger.values as Int32Array).set(values as Int32Array)
    larger.valid?.set(valid as Uint8Array)
    this.#column = larger
  }

  /** The first `rows` rows as a batch's column. */
  filled(rows: number): Filled {
    const values = this.#column.values.subarray(0, rows)
    const valid = (this.#column.valid as Uint8Array).subarray(0, rows)
    const column = { kind: this.#kind, values, valid, pool: this.#pool }
    const reasons = [...this.#reasons].filter(([row]) => row < rows)
    if (reasons.length === 0) return { column, flaws: null }
    const flaws = new Uint8Array(rows)
    for (const [row] of reasons) flaws[row] = FLAW.part
    return { column, flaws, reasons: new Map(reasons) }
  }

  /** The rows behind the first `rows`, numbered anew. */
  after(rows: number): ReadyRows {
    const rest = new ReadyRows(this.#kind)
    const { bytes, offsets } = this.#pool
    const { values, valid } = this.#column
    for (let row = rows; row < this.rows; row++) {
      const why = this.#reasons.get(row)
      if (why !== undefined) rest.refuse(why)
      else {
        const code = values[row] as number
        rest.#room()
        if (valid?.[row] === 1)
          rest.#put(bytes, offsets[code] as number, offsets[code + 1] as number)
        rest.rows++
      }
    }
    return rest
  }
}
