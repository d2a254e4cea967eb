/**
 * One column of a block that is being built: the values of fixed width, and the validity, which is
 * kept only from the first batch on that has any. Text columns (`text-column.ts`) add to it.
 */
import { bytesPerRow, type Column, lanes, newValues, type Values } from '../../data/column.ts'
import type { Kind } from '../../data/kind.ts'
import type { BlockColumn, Entries } from './block.ts'
import { copyBytes, type Gather, gatherOf, type Rows } from './gather.ts'
import { giveValues, takeValues } from './spare-values.ts'

const FIRST_ROWS = 512

export class FixedColumn {
  readonly kind: Kind
  values: Values
  /** Null while no batch of this block had a validity. */
  valid: Uint8Array | null = null
  protected readonly gather: Gather
  #validSpare: Uint8Array | null = null
  #capacity: number
  readonly #rowsMax: number

  constructor(kind: Kind, rowsMax: number) {
    this.kind = kind
    this.#rowsMax = rowsMax
    this.values = takeValues(kind, Math.min(FIRST_ROWS, rowsMax))
    this.#capacity = this.values.length / lanes(kind)
    this.gather = gatherOf(kind)
  }

  /** Bytes that this column holds in memory. */
  get heldBytes(): number {
    return this.#capacity * (bytesPerRow(this.kind) + (this.#validSpare ? 1 : 0))
  }

  /** Copies the chosen rows behind the `at` rows that are there. */
  append(column: Column, chosen: Rows, at: number): void {
    const end = at + chosen.to - chosen.from
    if (end > this.#capacity) this.#grow(at, end)
    this.gather(column.values, this.values, at, chosen)
    this.#appendValid(column.valid, chosen, at)
  }

  /** The first `rows` rows as a column of a block. */
  finish(rows: number): BlockColumn {
    return { values: this.values, valid: this.validOf(rows), entries: this.entries(rows) }
  }

  /** No more rows will come, and what was finished was written. */
  close(): void {
    giveValues(this.kind, this.values)
    this.values = newValues(this.kind, 0)
    this.#capacity = 0
  }

  /** Starts the next block. */
  clear(): void {
    this.valid = null
  }

  protected entries(_rows: number): Entries | null {
    return null
  }

  /** The validity of the first `rows` rows, null where all have a value. */
  protected validOf(rows: number): Uint8Array | null {
    const { valid } = this
    return valid !== null && valid.subarray(0, rows).indexOf(0) >= 0 ? valid : null
  }

  #appendValid(source: Uint8Array | null, { rows, from, to }: Rows, at: number): void {
    if (source === null) {
      this.valid?.fill(1, at, at + to - from)
      return
    }
    if (this.valid === null) {
      this.#validSpare ??= new Uint8Array(this.#capacity)
      this.valid = this.#validSpare.fill(1, 0, at)
    }
    if (rows === null) this.valid.set(source.subarray(from, to), at)
    else copyBytes(source, this.valid, at, rows, from, to)
  }

  #grow(rows: number, needed: number): void {
    this.#capacity = Math.min(this.#rowsMax, Math.max(needed, this.#capacity * 2))
    const grown = newValues(this.kind, this.#capacity)
    ;(grown as Int32Array).set(this.values.subarray(0, rows * lanes(this.kind)) as Int32Array)
    this.values = grown
    if (this.#validSpare === null) return
    const valid = new Uint8Array(this.#capacity)
    valid.set(this.#validSpare.subarray(0, rows))
    this.#validSpare = valid
    if (this.valid !== null) this.valid = valid
  }
}
