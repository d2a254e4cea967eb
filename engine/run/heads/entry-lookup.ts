/**
 * Looks up keys that are one text column with a dictionary: each entry once, in the table, and then
 * each row by its code, without hash or comparison. Where the column has no dictionary, row by row.
 */
import { type Batch, columnOf } from '../../data/batch.ts'
import { type Column, isText } from '../../data/column.ts'
import { fieldOf, indexOf } from '../../data/schema.ts'
import type { KeyLookup, KeySide } from './key-table.ts'
import { TextMap } from './text-store.ts'

/** In a table that no longer grows; nulls match nothing. */
export class EntryLookup {
  /** numbers[k] is the key of the k-th selected row, -1 where there is none. */
  numbers = new Int32Array(0)
  readonly #rows: KeyLookup
  readonly #maps: readonly (TextMap | null)[]
  /** The column; -1 where the keys are not one text column. */
  readonly #position: number
  /** By entry of the dictionary at hand: one more than its key, 0 for none, -1: not looked up yet. */
  readonly #known = new TextMap()
  #codes = new Int32Array(0)
  #own = new Int32Array(0)

  /** `rows`: finds the keys of rows. */
  constructor(rows: KeyLookup, { schema, keys }: KeySide) {
    this.#rows = rows
    this.#maps = keys.map(name => (isText(fieldOf(schema, name).kind) ? new TextMap() : null))
    this.#position = keys.length === 1 && this.#maps[0] ? indexOf(schema, keys[0] as string) : -1
  }

  /** Finds the keys of a batch's rows. */
  find(batch: Batch): void {
    const column = this.#position < 0 ? null : columnOf(batch, this.#position)
    if (!column?.pool?.unique) {
      this.#rows.find(batch, this.#maps)
      this.numbers = this.#rows.numbers
      return
    }
    if (this.#own.length < batch.selected) {
      this.#own = new Int32Array(batch.selected)
      this.#codes = new Int32Array(batch.selected)
    }
    this.numbers = this.#own
    const known = this.#known.begin(column.pool)
    const strange = numbered(batch, column, { known, numbers: this.#own, codes: this.#codes })
    if (strange === 0) return
    this.#learn(batch, column, strange, known)
    numbered(batch, column, { known, numbers: this.#own, codes: this.#codes })
  }

  /** Looks up the first `count` of the codes, as a batch of that column alone. */
  #learn(batch: Batch, { kind, pool }: Column, count: number, known: Int32Array): void {
    const columns = batch.columns.map(() => null as Column | null)
    const codes = this.#codes
    columns[this.#position] = { kind, values: codes.subarray(0, count), valid: null, pool }
    const entries = { rows: count, selection: null, selected: count, origin: null, widen: null }
    this.#rows.find({ schema: batch.schema, columns, ...entries }, this.#maps)
    const { numbers } = this.#rows
    for (let k = 0; k < count; k++) known[codes[k] as number] = (numbers[k] as number) + 1
  }
}

interface Into {
  readonly known: Int32Array
  readonly numbers: Int32Array
  /** Takes the codes that are not known, at each row that has them. */
  readonly codes: Int32Array
}

/** Writes the rows' numbers; answers how many rows have entries that are not known. */
function numbered({ selection, selected }: Batch, column: Column, o: Into): number {
  const { known, numbers, codes } = o
  const { valid } = column
  const values = column.values as Int32Array
  let strange = 0
  for (let k = 0; k < selected; k++) {
    const i = selection === null ? k : (selection[k] as number)
    if (valid !== null && valid[i] === 0) {
      numbers[k] = -1
      continue
    }
    const code = values[i] as number
    const key = known[code] as number
    numbers[k] = key - 1
    if (key < 0) codes[strange++] = code
  }
  return strange
}
