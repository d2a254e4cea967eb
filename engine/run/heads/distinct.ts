/** distinct: one row of each set of rows that are equal in all columns, the first that came. */
import type { Batch } from '../../data/batch.ts'
import type { AnySchema } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import type { Head } from '../operator.ts'
import { type Fold, foldHead } from './fold.ts'
import { KeyLookup, KeyTable } from './key-table.ts'
import { giveKept, takeKept } from './kept.ts'
import { type Intake, RowStore } from './row-store.ts'

export function distinctHead(node: Node, input: AnySchema): Head {
  const keys = input.list.map(f => f.name)
  const rowsOf = (schema: AnySchema) => new DistinctRows(schema, keys)
  const make = (s: { input: AnySchema; numbered: boolean }) =>
    s.numbered
      ? new Distinct(rowsOf(s.input), null)
      : new Distinct(
          takeKept(node, () => rowsOf(s.input)),
          node,
        )
  return foldHead({ node, keys, lost: 'merged', make }, input)
}

/** The rows that were found to differ. */
class DistinctRows {
  readonly store: RowStore
  readonly table: KeyTable
  readonly lookup: KeyLookup

  constructor(schema: AnySchema, keys: readonly string[]) {
    this.store = new RowStore(schema, undefined, () => true)
    this.table = new KeyTable(this.store)
    const at = keys.map((_, j) => j)
    this.lookup = new KeyLookup(this.table, { keys: { schema, keys }, at, nullsMatch: true })
  }

  get heldBytes(): number {
    return this.store.heldBytes + this.table.heldBytes
  }

  renew(): void {
    this.store.renew()
    this.table.renew()
  }
}

class Distinct implements Fold {
  readonly #rows: DistinctRows
  readonly #store: RowStore
  readonly #intake: Intake
  /** Who gets the rows' room back; null: nobody. */
  readonly #owner: object | null

  constructor(rows: DistinctRows, owner: object | null) {
    this.#rows = rows
    this.#store = rows.store
    this.#intake = rows.store.intake()
    this.#owner = owner
  }

  get heldBytes(): number {
    return this.#rows.heldBytes
  }

  get rows(): number {
    return this.#store.rows
  }

  expect(rows: number, bytesMax: number): void {
    this.#store.expect(rows, bytesMax)
    this.#rows.table.expect(rows, bytesMax)
  }

  add(batch: Batch): void {
    this.#intake.begin(batch)
    const { lookup } = this.#rows
    lookup.assign(batch, j => this.#intake.map(j))
    this.#intake.append(lookup.fresh, lookup.freshCount)
  }

  close(memoryBytes: number): void {
    if (this.#owner !== null) giveKept(this.#owner, this.#rows, memoryBytes)
  }

  *results(rowsPerBatch: number): Iterable<Batch> {
    const { rows } = this.#store
    for (let from = 0; from < rows; from += rowsPerBatch)
      yield this.#store.slice(from, Math.min(rows, from + rowsPerBatch))
  }
}
