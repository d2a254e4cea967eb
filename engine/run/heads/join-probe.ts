/**
 * The left side of a join, batch by batch: finds each row's matches and makes the joined rows, in left
 * order and, for one left row, in the right side's order. Where no row of a batch has two matches, its
 * columns are handed on as they are, with a selection; else they are copied. Either way a batch ends
 * after `rowsPerBatch` rows and where that of the left ends.
 */
import type { Batch } from '../../data/batch.ts'
import { inSlices } from '../slices.ts'
import type { Awaitable, Emit } from '../operator.ts'
import { EntryLookup } from './entry-lookup.ts'
import { JoinOutput } from './join-output.ts'
import type { JoinShape } from './join-shape.ts'
import type { JoinTable } from './join-table.ts'

/** Where the left rows are met again, with other parts of the right side. */
export interface Earlier {
  /** By left row: 1 once it had a match. */
  readonly matched: Uint8Array
  /** No more parts will come: rows that never matched have their turn. */
  readonly last: boolean
}

export class JoinProbe {
  /** Pairs found, and left rows with at least one (in this part, or ever where rows are met again). */
  pairs = 0
  matchedRows = 0
  /** By right row: 1 once it matched; kept for full joins. */
  readonly used: Uint8Array
  readonly #shape: JoinShape
  readonly #table: JoinTable
  readonly #lookup: EntryLookup
  readonly #earlier: Earlier | null
  readonly #out: JoinOutput
  readonly #rowsPerBatch: number
  #left = new Int32Array(0)
  #right = new Int32Array(0)
  #met = 0

  constructor(shape: JoinShape, table: JoinTable, o: { rowsPerBatch: number; earlier?: Earlier }) {
    this.#shape = shape
    this.#table = table
    const keys = { schema: shape.left, keys: shape.op.leftKeys }
    this.#lookup = new EntryLookup(table.lookup(keys.schema, keys.keys), keys)
    this.#earlier = o.earlier ?? null
    this.#rowsPerBatch = o.rowsPerBatch
    this.#out = new JoinOutput(shape, table)
    this.used = new Uint8Array(shape.op.kind === 'full' ? table.rows.rows : 0)
  }

  /** Joins the rows of a batch. */
  push(batch: Batch, emit: Emit): Awaitable {
    this.#lookup.find(batch)
    const { kind } = this.#shape.op
    if (this.#table.single && this.#earlier === null && (kind === 'inner' || kind === 'left'))
      return this.#lone(batch, emit)
    const most = this.#mark(batch)
    if (kind === 'semi' || kind === 'anti') return this.#exists(batch, emit)
    return most > 1 ? this.#fanOut(batch, emit) : this.#single(batch, emit)
  }

  /** Counts matches; sets `numbers` to the first match of each row, or -1, or -2: its turn is not now. */
  #mark(batch: Batch): number {
    const { numbers } = this.#lookup
    const { heads, next } = this.#table
    const { kind } = this.#shape.op
    const exists = kind === 'semi' || kind === 'anti'
    const earlier = this.#earlier
    let most = 0
    for (let k = 0; k < batch.selected; k++) {
      const key = numbers[k] as number
      let first = -1
      if (key >= 0) first = exists ? 0 : (heads[key] as number) - 1
      const before = earlier !== null && earlier.matched[this.#met + k] === 1
      if (first >= 0) {
        if (!before) this.matchedRows++
        if (earlier !== null) earlier.matched[this.#met + k] = 1
        if (!exists) {
          let count = 0
          for (let r = first; r >= 0; r = next[r] as number) {
            count++
            if (kind === 'full') this.used[r] = 1
          }
          this.pairs += count
          if (count > most) most = count
        } else if (before) first = -2
      } else if (before || (earlier !== null && !earlier.last)) first = -2
      numbers[k] = first
    }
    this.#met += batch.selected
    return most
  }

  /** semi, anti: the batch itself, with fewer rows. */
  #exists(batch: Batch, emit: Emit): Awaitable {
    const { numbers } = this.#lookup
    const wanted = this.#shape.op.kind === 'semi' ? 0 : -1
    this.#reserve(batch.selected)
    const rows = this.#left
    let count = 0
    for (let k = 0; k < batch.selected; k++)
      if (numbers[k] === wanted)
        rows[count++] = batch.selection === null ? k : (batch.selection[k] as number)
    if (count > 0)
      return this.#hand(this.#out.over(batch, { left: rows, right: null, count }), emit)
  }

  /** At most one match a row. */
  #single(batch: Batch, emit: Emit): Awaitable {
    const { numbers } = this.#lookup
    const inner = this.#shape.op.kind === 'inner'
    this.#reserve(batch.selected)
    const [left, right] = [this.#left, this.#right]
    let count = 0
    for (let k = 0; k < batch.selected; k++) {
      const first = numbers[k] as number
      if (first === -2 || (first < 0 && inner)) continue
      right[count] = first
      left[count++] = batch.selection === null ? k : (batch.selection[k] as number)
    }
    if (count > 0) return this.#hand(this.#out.over(batch, { left, right, count }), emit)
  }

  /** No key has two rows: marks and joins in one pass. */
  #lone(batch: Batch, emit: Emit): Awaitable {
    const { numbers } = this.#lookup
    const { heads } = this.#table
    const { selection, selected } = batch
    const inner = this.#shape.op.kind === 'inner'
    this.#reserve(selected)
    const [left, right] = [this.#left, this.#right]
    let count = 0
    let matched = 0
    for (let k = 0; k < selected; k++) {
      const key = numbers[k] as number
      const first = key < 0 ? -1 : (heads[key] as number) - 1
      if (first >= 0) matched++
      else if (inner) continue
      right[count] = first
      left[count++] = selection === null ? k : (selection[k] as number)
    }
    this.pairs += matched
    this.matchedRows += matched
    const all = matched === count
    if (count > 0) return this.#hand(this.#out.over(batch, { left, right, count, all }), emit)
  }

  /** Hands a batch on in pieces of `rowsPerBatch`, as pairs that are copied are: a block may have more. */
  #hand(batch: Batch, emit: Emit): Awaitable {
    return batch.selected <= this.#rowsPerBatch
      ? emit(batch)
      : inSlices(batch, this.#rowsPerBatch, emit)
  }

  /** Several matches for some row: dense batches of copies. */
  async #fanOut(batch: Batch, emit: Emit): Promise<void> {
    const { numbers } = this.#lookup
    const { next } = this.#table
    const inner = this.#shape.op.kind === 'inner'
    this.#reserve(this.#rowsPerBatch)
    const [left, right] = [this.#left, this.#right]
    let count = 0
    for (let k = 0; k < batch.selected; k++) {
      let r = numbers[k] as number
      if (r === -2 || (r < 0 && inner)) continue
      const i = batch.selection === null ? k : (batch.selection[k] as number)
      do {
        left[count] = i
        right[count++] = r
        if (count === this.#rowsPerBatch) {
          await emit(this.#out.copies(batch, { left, right, count }))
          count = 0
        }
        r = r < 0 ? -1 : (next[r] as number)
      } while (r >= 0)
    }
    if (count > 0) await emit(this.#out.copies(batch, { left, right, count }))
  }

  /** Full join: the right rows that nothing matched, in order. */
  async unmatched(emit: Emit): Promise<number> {
    const right = new Int32Array(this.#rowsPerBatch)
    let count = 0
    let total = 0
    for (let r = 0; r < this.used.length; r++) {
      if (this.used[r] === 1) continue
      right[count++] = r
      total++
      if (count < this.#rowsPerBatch) continue
      await emit(this.#out.rightOnly(right, count))
      count = 0
    }
    if (count > 0) await emit(this.#out.rightOnly(right, count))
    return total
  }

  #reserve(rows: number): void {
    if (this.#left.length >= rows) return
    this.#left = new Int32Array(rows)
    this.#right = new Int32Array(rows)
  }
}
