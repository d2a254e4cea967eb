/** distinct: one row of each set of rows that are equal in all columns, the first that came. */
import type { Batch } from '../../data/batch.ts'
import type { AnySchema } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import type { Head } from '../operator.ts'
import { type Fold, foldHead } from './fold.ts'
import { KeyLookup, KeyTable } from './key-table.ts'
import { type Intake, RowStore } from './row-store.ts'

export function distinctHead(node: Node, input: AnySchema): Head {
  const keys = input.list.map(f => f.name)
  return foldHead({ node, keys, lost: 'merged', make: s => new Distinct(s.input, keys) }, input)
}

class Distinct implements Fold {
  readonly #store: RowStore
  readonly #table: KeyTable
  readonly #lookup: KeyLookup
  readonly #intake: Intake

  constructor(schema: AnySchema, keys: readonly string[]) {
    this.#store = new RowStore(schema, undefined, () => true)
    this.#table = new KeyTable(this.#store)
    const at = keys.map((_, j) => j)
    this.#lookup = new KeyLookup(this.#table, { keys: { schema, keys }, at, nullsMatch: true })
    this.#intake = this.#store.intake()
  }

  get heldBytes(): number {
    return this.#store.heldBytes + this.#table.heldBytes
  }

  get rows(): number {
    return this.#store.rows
  }

  expect(rows: number, bytesMax: number): void {
    this.#store.expect(rows, bytesMax)
    this.#table.expect(rows, bytesMax)
  }

  add(batch: Batch): void {
    this.#intake.begin(batch)
    this.#lookup.assign(batch, j => this.#intake.map(j))
    this.#intake.append(this.#lookup.fresh, this.#lookup.freshCount)
  }

  *results(rowsPerBatch: number): Iterable<Batch> {
    const { rows } = this.#store
    for (let from = 0; from < rows; from += rowsPerBatch)
      yield this.#store.slice(from, Math.min(rows, from + rowsPerBatch))
  }
}
