/**
 * The parts a task is made of. A task pulls batches from its head (a split's reader, or an operator
 * over the partition of one or more exchanges) and pushes each through its operators. A batch is
 * valid during `push` alone: whoever keeps rows copies them. Rows come in one fixed order (that of
 * the tasks that produced them), so every operator that keeps order gives the same output each time.
 */
import type { Batch } from '../data/batch.ts'
import type { Reject } from '../io/source.ts'

export type Awaitable = void | Promise<void>
export type Emit = (batch: Batch) => Awaitable

/** Takes batches, hands results on to what it was built with. */
export interface Operator {
  push(batch: Batch): Awaitable
  /** No more batches of this task will come: hand on what is held back. */
  finish(): Awaitable
  /** No more tasks will come: give back what was set up. */
  close?(): Awaitable
}

/** One partition of a materialised exchange, as its consumer sees it. May be read several times. */
export interface Partition {
  readonly rows: number
  /** Bytes of its blocks, uncompressed: what holding it takes at least. */
  readonly bytes: number
  /** Dense batches, in the order of the producing tasks. `release`: free each block once read. */
  batches(o?: { release?: boolean }): Iterable<Batch>
}

/** What an operator may use of its task. */
export interface TaskContext {
  /** Bytes that the operator may hold; past it, it spills. */
  readonly memoryBytes: number
  readonly rowsPerBatch: number
  /** Makes private files for what does not fit; removed when the task ends. */
  readonly spill: Spill
  readonly account: Account
  readonly runId: string
  readonly startedAt: number
  /** A user's function refused a row (`onError: 'deadLetter'`), or a reader did. */
  reject(node: number, reject: Reject): void
}

/** Rows by node: each node's `in + created = out + rejected + filtered + merged`. */
export interface Account {
  add(node: number, term: AccountTerm, rows: number): void
  /** Rows dropped, by the reason that the user gave. */
  drop(node: number, reason: string, rows: number): void
  /** A user's own counter. */
  count(node: number, name: string, by: number): void
}
/** `skipped`: of the rows in, those that were never read, as their source knew what drops them. */
export type AccountTerm = 'in' | 'created' | 'out' | 'rejected' | 'filtered' | 'merged' | 'skipped'

/** Rows on disk, written once in order and read back in order. */
export interface Spill {
  /** Bytes written so far, compressed. */
  readonly spilledBytes: number
  /** How often rows were split by key, one split inside another; 0 where they fit. */
  readonly splitLevels: number
  /** Rows are split by key for the `levels`-th time. */
  splitting(levels: number): void
  /** Opens a run of rows. */
  open(schema: import('../data/schema.ts').AnySchema): SpillWriter
}
export interface SpillWriter {
  /** Copies the batch's selected rows, or those of `rows` (indices, the first `count` of them). */
  write(batch: Batch, rows?: Int32Array, count?: number): void
  /** Ends writing; what was written can be read as a partition. */
  close(): Partition
}

/** The operator at the start of a stage that follows exchanges: all its input is there already. */
export interface Head {
  run(inputs: readonly Partition[], emit: Emit, task: TaskContext): Promise<void>
}
