/**
 * Merges sorted runs into one sorted stream (a heap of runs, ties by the run's place, so that the
 * merge of runs in arrival order is stable). Rows are picked for a batch first and copied column by
 * column afterwards: picks of a run are copied when its block is used up, or the batch is full.
 */
import type { Batch } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { type AnySchema, fieldOf, indexOf } from '../../data/schema.ts'
import type { Order } from '../../plan/node.ts'
import type { Partition, Spill } from '../operator.ts'
import {
  bindSide,
  ORDER_PARAMETERS,
  orderAll,
  type OrderKey,
  orderNan,
  orderWide,
  sideNames,
} from './order.ts'
import { compileOnce } from './compile-once.ts'
import { type Intake, RowStore } from './row-store.ts'
import { compareBytes } from './text-bytes.ts'

/** Negative where run a's row comes before run b's. */
type CompareRuns = (a: number, b: number) => number

/** A run that is being read: the block at hand and what was picked of it. */
interface Cursor {
  readonly batches: Iterator<Batch>
  readonly intake: Intake
  readonly from: Int32Array
  readonly to: Int32Array
  picked: number
  rows: number
}

export interface MergeOptions {
  readonly schema: AnySchema
  readonly sort: readonly Order[]
  readonly rowsPerBatch: number
}

/** The keys of an order over a schema, nulls last, with the columns' positions. */
export function orderKeys(
  schema: AnySchema,
  sort: readonly Order[],
): { keys: OrderKey[]; at: number[] } {
  const keys = sort.map(({ by, order }) => {
    const { kind } = fieldOf(schema, by)
    return { kind, descending: order === 'desc', nulls: 'last' as const }
  })
  return { keys, at: sort.map(({ by }) => indexOf(schema, by)) }
}

/** The rows of the runs in order. A batch is valid until the next one. Runs are freed as they are read. */
export function* mergeRuns(runs: readonly Partition[], o: MergeOptions): Iterable<Batch> {
  const merge = new Merge(runs, o)
  try {
    while (merge.fill()) yield merge.out.slice(0, merge.out.rows)
  } finally {
    merge.close()
  }
}

/**
 * Merges runs that follow each other, on disk, until at most `runsMax` are left: each run that is read
 * takes a block of memory.
 */
export function fewerRuns(
  runs: readonly Partition[],
  o: MergeOptions & { spill: Spill; runsMax: number },
): readonly Partition[] {
  let left = runs
  while (left.length > o.runsMax) {
    const merged: Partition[] = []
    for (let at = 0; at < left.length; at += o.runsMax) {
      const writer = o.spill.open(o.schema)
      for (const batch of mergeRuns(left.slice(at, at + o.runsMax), o)) writer.write(batch)
      merged.push(writer.close())
    }
    left = merged
  }
  return left
}

class Merge {
  readonly out: RowStore
  readonly #rowsPerBatch: number
  readonly #cursors: Cursor[]
  readonly #columns: (Column[] | null)[]
  readonly #at: readonly number[]
  readonly #rows: Int32Array
  readonly #compare: CompareRuns
  /** Runs with rows left; the first comes first of all. */
  readonly #heap: number[] = []

  constructor(runs: readonly Partition[], { schema, sort, rowsPerBatch }: MergeOptions) {
    this.out = new RowStore(schema, rowsPerBatch)
    this.#rowsPerBatch = rowsPerBatch
    const { keys, at } = orderKeys(schema, sort)
    this.#at = at
    this.#columns = runs.map(() => null)
    this.#rows = new Int32Array(runs.length)
    this.#compare = compileOnce<(columns: unknown, rows: Int32Array) => CompareRuns>(
      'merge',
      ORDER_PARAMETERS,
      compareCode(keys),
      [compareBytes, orderNan, orderWide],
    )(this.#columns, this.#rows)
    this.#cursors = runs.map(run => ({
      batches: run.batches({ release: true })[Symbol.iterator](),
      intake: this.out.intake(),
      from: new Int32Array(rowsPerBatch),
      to: new Int32Array(rowsPerBatch),
      picked: 0,
      rows: 0,
    }))
    this.#cursors.forEach((_, r) => this.#load(r) && this.#heap.push(r))
    for (let k = (this.#heap.length >> 1) - 1; k >= 0; k--) this.#sink(k)
  }

  /** Fills the next batch; false where there are no rows left. */
  fill(): boolean {
    this.out.clear()
    const heap = this.#heap
    const rows = this.#rows
    let count = 0
    while (count < this.#rowsPerBatch && heap.length > 0) {
      const run = heap[0] as number
      const cursor = this.#cursors[run] as Cursor
      cursor.from[cursor.picked] = rows[run] as number
      cursor.to[cursor.picked++] = count++
      if ((rows[run] = (rows[run] as number) + 1) === cursor.rows) {
        this.#copy(cursor)
        if (!this.#load(run)) {
          const last = heap.pop() as number
          if (heap.length > 0) heap[0] = last
        }
      }
      this.#sink(0)
    }
    for (const cursor of this.#cursors) this.#copy(cursor)
    this.out.rows = count
    return count > 0
  }

  close(): void {
    for (const { batches } of this.#cursors) batches.return?.()
  }

  #copy(cursor: Cursor): void {
    if (cursor.picked > 0) cursor.intake.write(cursor.from, cursor.to, cursor.picked)
    cursor.picked = 0
  }

  /** Goes on to the run's next block that has rows; false at its end. */
  #load(run: number): boolean {
    const cursor = this.#cursors[run] as Cursor
    for (;;) {
      const { done, value } = cursor.batches.next()
      if (done) return false
      if (value.selected === 0) continue
      cursor.rows = value.selected
      cursor.intake.begin(value)
      this.#rows[run] = 0
      this.#columns[run] = this.#at.map(j => value.columns[j] as Column)
      return true
    }
  }

  #sink(k: number): void {
    const heap = this.#heap
    const compare = this.#compare
    for (;;) {
      let child = 2 * k + 1
      if (child >= heap.length) return
      if (child + 1 < heap.length && compare(heap[child + 1] as number, heap[child] as number) < 0)
        child++
      const [above, below] = [heap[k] as number, heap[child] as number]
      if (compare(above, below) <= 0) return
      heap[k] = below
      heap[child] = above
      k = child
    }
  }
}

function compareCode(keys: readonly OrderKey[]): string {
  const a = { name: 'a', row: 'i' }
  const b = { name: 'b', row: 'j' }
  const names = [...sideNames(keys, 'a'), ...sideNames(keys, 'b')]
  return `return function(C,R){return function(p,q){
const A=C[p],B=C[q],i=R[p],j=R[q];${names.length > 0 ? `let ${names.join(',')};` : ''}
${bindSide(keys, 'a', j => `A[${j}]`)}${bindSide(keys, 'b', j => `B[${j}]`)}
return ${orderAll(keys, a, b)}||p-q}}`
}
