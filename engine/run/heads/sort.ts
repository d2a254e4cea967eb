/**
 * External merge sort: rows are kept until half of the task's memory is full, sorted and spilled as a
 * run; the runs are merged at the end. What fits is sorted in place. Stable; nulls come last whatever
 * the direction, NaN after all numbers, text by its bytes.
 *
 * Account of a sort's node: in = out.
 */
import type { Batch } from '../../data/batch.ts'
import type { AnySchema } from '../../data/schema.ts'
import type { Order } from '../../plan/node.ts'
import type { Emit, Head, Partition, TaskContext } from '../operator.ts'
import { giveKept, takeKept } from './kept.ts'
import { fewerRuns, mergeRuns, orderKeys } from './merge.ts'
import { type Intake, RowStore, type StoreColumn } from './row-store.ts'
import { rowSorter } from './sort-rows.ts'

/** A run that is merged takes a block and its maps: about this much. */
const RUN_BYTES = 1 << 20
const RUNS_MAX = 64

export interface SortOptions {
  readonly schema: AnySchema
  readonly sort: readonly Order[]
  /** What the sort may hold. Rows take half of it: the rest is for ranks, row numbers and growth. */
  readonly memoryBytes: number
  /** Sorts with the same one follow each other in one room (`kept.ts`), each read to its end. */
  readonly owner?: object
}

/** Runs that may be merged at once within so much memory. */
export const runsMaxFor = (memoryBytes: number): number =>
  Math.max(4, Math.min(RUNS_MAX, Math.floor(memoryBytes / RUN_BYTES)))

/** Collects rows and gives them back in order. */
export class Sorter {
  readonly #o: SortOptions
  readonly #task: TaskContext
  readonly #at: readonly number[]
  readonly #sortRows: ReturnType<typeof rowSorter>
  readonly #runs: Partition[] = []
  #store: RowStore
  #intake: Intake

  constructor(o: SortOptions, task: TaskContext) {
    this.#o = o
    this.#task = task
    const { keys, at } = orderKeys(o.schema, o.sort)
    this.#at = at
    this.#sortRows = rowSorter(keys)
    this.#store = o.owner ? takeKept(o.owner, () => this.#newStore()) : this.#newStore()
    this.#intake = this.#store.intake()
  }

  /** Texts that are sorted by have a pool of their own: all of its entries are ranked. */
  #newStore(): RowStore {
    return new RowStore(this.#o.schema, undefined, j => !this.#at.includes(j))
  }

  /** Some `rows` will come: room for them is made at once, where they fit. */
  expect(rows: number): void {
    this.#store.expect(rows, this.#o.memoryBytes / 2)
  }

  add(batch: Batch): void {
    this.#intake.begin(batch)
    this.#intake.appendAll(batch)
    if (this.#store.heldBytes > this.#o.memoryBytes / 2) this.#spill()
  }

  /** The rows in order, to be read once. A batch is valid until the next one. */
  *sorted(): Iterable<Batch> {
    const { rowsPerBatch, spill } = this.#task
    if (this.#runs.length > 0) {
      if (this.#store.rows > 0) this.#spill()
      const { schema, sort, memoryBytes } = this.#o
      const merge = { schema, sort, rowsPerBatch }
      const runsMax = runsMaxFor(memoryBytes)
      yield* mergeRuns(fewerRuns(this.#runs, { ...merge, spill, runsMax }), merge)
      return
    }
    const { rows } = this.#store
    const ids = this.#order()
    for (let from = 0; from < rows; from += rowsPerBatch)
      yield this.#store.gather(ids, from, Math.min(rows, from + rowsPerBatch))
    const { owner, memoryBytes } = this.#o
    if (owner) giveKept(owner, this.#store, memoryBytes)
  }

  #order(): Int32Array {
    const columns = this.#at.map(j => this.#store.columns[j] as StoreColumn)
    return this.#sortRows(columns, this.#store.rows)
  }

  #spill(): void {
    const { rows } = this.#store
    const writer = this.#task.spill.open(this.#o.schema)
    writer.write(this.#store.slice(0, rows), this.#order(), rows)
    this.#runs.push(writer.close())
    this.#store = this.#newStore()
    this.#intake = this.#store.intake()
  }
}

/** Sorts one partition after another by several columns. */
export function sortHead(node: number, schema: AnySchema, sort: readonly Order[]): Head {
  const owner = {}
  return {
    async run(inputs: readonly Partition[], emit: Emit, task: TaskContext): Promise<void> {
      const { memoryBytes } = task
      const sorter = new Sorter({ schema, sort, memoryBytes, owner }, task)
      sorter.expect(inputs.reduce((sum, input) => sum + input.rows, 0))
      for (const input of inputs)
        for (const batch of input.batches({ release: true })) {
          task.account.add(node, 'in', batch.selected)
          sorter.add(batch)
        }
      for (const batch of sorter.sorted()) {
        task.account.add(node, 'out', batch.rows)
        await emit(batch)
      }
    },
  }
}
