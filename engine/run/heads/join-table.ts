/**
 * The right side of a join in memory: its keys and the columns that are kept, rows of equal keys
 * chained in arrival order.
 */
import type { Batch } from '../../data/batch.ts'
import { type AnySchema, indexOf, schemaOf } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import { KeyLookup, KeyTable } from './key-table.ts'
import type { JoinShape } from './join-shape.ts'
import { type Intake, RowStore } from './row-store.ts'

type Fields = AnySchema['list']

export class JoinTable {
  readonly op: Node<'join'>['op']
  /** Kept columns of all right rows that may match or must come out. */
  readonly rows: RowStore
  /** By key: one more than the first of its rows, 0 for none. By row: the next of its key, -1 at the end. */
  heads: Int32Array = new Int32Array(256)
  next: Int32Array = new Int32Array(256)
  /** True while no key has two rows. */
  single = true
  readonly #keys: RowStore
  readonly #table: KeyTable
  readonly #lookup: KeyLookup
  readonly #keyAt: readonly number[]
  readonly #keyIntake: Intake
  readonly #kept: readonly number[]
  readonly #intake: Intake
  #tails: Int32Array = new Int32Array(256)
  #matching = new Int32Array(0)

  constructor({ op, right, kept }: JoinShape) {
    this.op = op
    this.#kept = kept
    this.#keyAt = op.rightKeys.map(name => indexOf(right, name))
    const pick = (at: readonly number[]) => schemaOf(at.map(j => right.list[j] as Fields[number]))
    this.#keys = new RowStore(pick(this.#keyAt))
    this.rows = new RowStore(pick(kept))
    this.#table = new KeyTable(this.#keys)
    this.#lookup = this.lookup(right, op.rightKeys)
    this.#keyIntake = this.#keys.intake()
    this.#intake = this.rows.intake()
  }

  get heldBytes(): number {
    const chains = 2 * this.heads.byteLength + this.next.byteLength
    return this.#keys.heldBytes + this.#table.heldBytes + this.rows.heldBytes + chains
  }

  /** A lookup of other batches' keys in this table. */
  lookup(schema: AnySchema, keys: readonly string[]): KeyLookup {
    const at = keys.map((_, i) => i)
    return new KeyLookup(this.#table, { keys: { schema, keys }, at, nullsMatch: false })
  }

  add(batch: Batch): void {
    this.#keyIntake.begin(batch, this.#keyAt)
    this.#lookup.assign(batch, j => this.#keyIntake.map(j))
    const { fresh, freshCount, numbers } = this.#lookup
    this.#keyIntake.append(fresh, freshCount)
    this.#intake.begin(batch, this.#kept)
    if (this.op.kind === 'semi' || this.op.kind === 'anti') return
    if (this.op.kind === 'full') {
      const first = this.#intake.appendAll(batch)
      this.#chain(first, numbers, batch.selected)
      return
    }
    // A null key never matches: only a full join keeps such rows.
    if (this.#matching.length < batch.selected) this.#matching = new Int32Array(batch.selected * 2)
    const rows = this.#matching.subarray(0, batch.selected)
    let count = 0
    for (let k = 0; k < batch.selected; k++) {
      const number = numbers[k] as number
      if (number < 0) continue
      rows[count] = batch.selection === null ? k : (batch.selection[k] as number)
      numbers[count++] = number
    }
    this.#chain(this.#intake.append(rows, count), numbers, count)
  }

  #chain(first: number, numbers: Int32Array, count: number): void {
    const keys = this.#table.count
    this.heads = widened(this.heads, keys)
    this.#tails = widened(this.#tails, keys)
    this.next = widened(this.next, first + count)
    const { heads, next } = this
    const tails = this.#tails
    for (let k = 0; k < count; k++) {
      const row = first + k
      const key = numbers[k] as number
      next[row] = -1
      if (key < 0) continue
      if (heads[key] === 0) heads[key] = row + 1
      else {
        next[(tails[key] as number) - 1] = row
        this.single = false
      }
      tails[key] = row + 1
    }
  }
}

function widened(values: Int32Array, size: number): Int32Array {
  if (size <= values.length) return values
  const grown = new Int32Array(Math.max(size, values.length * 2))
  grown.set(values)
  return grown
}
