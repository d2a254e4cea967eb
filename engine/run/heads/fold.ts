/**
 * The heads that keep some rows of each key (distinct, distinctBy, top) are folds: batches go in, kept
 * rows come out by their key's first appearance. A fold's memory is what it keeps, so a partition
 * larger than the memory is no reason to split it: only a fold that outgrows it is.
 */
import type { Batch } from '../../data/batch.ts'
import type { AnySchema } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import type { Emit, Head, Partition, TaskContext } from '../operator.ts'
import { type Attempt, type Job, runJob, withOrdinal } from './grace.ts'

export interface Fold {
  readonly heldBytes: number
  add(batch: Batch): void
  /** Rows kept so far. */
  readonly rows?: number
  /** Some `rows` will be kept in all: room for them may be made at once, within `bytesMax`. */
  expect?(rows: number, bytesMax: number): void
  /** Gives back what is held for nothing (text of rows that were written over). */
  compact?(): void
  /** Called when its results are used up, where it ended well. */
  close?(memoryBytes: number): void
  /** Rows kept, ordered; where rows are numbered, each with the ordinal that its key came first with. */
  results(rowsPerBatch: number): Iterable<Batch>
}

/** After so many rows of a partition the share that is kept tells how many there will be. */
const SAMPLE_ROWS = 1 << 14
const SLACK = 1.05

function expectMore(fold: Fold, times: number, bytesMax: number): void {
  if (fold.rows !== undefined) fold.expect?.(Math.ceil(fold.rows * times * SLACK), bytesMax)
}

export interface FoldSpec {
  readonly node: Node
  readonly keys: readonly string[]
  /** What becomes of rows that are not kept. */
  readonly lost: 'merged' | 'filtered'
  /** The schemas have an ordinal as their last column where `numbered`. */
  make(schemas: { input: AnySchema; output: AnySchema; numbered: boolean }): Fold
}

/** Account: in = out + merged, or + filtered. */
export function foldHead(spec: FoldSpec, input: AnySchema): Head {
  return {
    async run([partition], emit: Emit, task: TaskContext): Promise<void> {
      const job = new FoldJob(spec, input, task)
      await runJob(job, [partition as Partition], { emit, task })
    },
  }
}

class FoldJob implements Job {
  readonly inputs: readonly AnySchema[]
  readonly keys: readonly (readonly string[])[]
  readonly output: AnySchema
  readonly #spec: FoldSpec
  readonly #task: TaskContext

  constructor(spec: FoldSpec, input: AnySchema, task: TaskContext) {
    this.inputs = [input]
    this.keys = [spec.keys]
    this.output = spec.node.schema
    this.#spec = spec
    this.#task = task
  }

  async attempt(
    [partition]: readonly Partition[],
    { numbered, bounded, emit }: Attempt,
  ): Promise<boolean> {
    const { memoryBytes, rowsPerBatch, account } = this.#task
    const { node, lost } = this.#spec
    const input = this.inputs[0] as AnySchema
    const fold = numbered
      ? this.#spec.make({ input: withOrdinal(input), output: withOrdinal(this.output), numbered })
      : this.#spec.make({ input, output: this.output, numbered })
    // A fold that is just below its limit is not compacted with each batch, but when it has grown again.
    let limit = memoryBytes
    let seen = 0
    for (const batch of (partition as Partition).batches()) {
      fold.add(batch)
      if (seen < SAMPLE_ROWS && (seen += batch.selected) >= SAMPLE_ROWS)
        expectMore(fold, (partition as Partition).rows / seen, memoryBytes / 2)
      if (fold.heldBytes <= limit) continue
      fold.compact?.()
      if (bounded && fold.heldBytes > memoryBytes * 0.75) return false
      limit = Math.max(memoryBytes, fold.heldBytes * 1.5)
    }
    let kept = 0
    for (const batch of fold.results(rowsPerBatch)) {
      kept += batch.selected
      await emit(batch)
    }
    fold.close?.(memoryBytes)
    const { rows } = partition as Partition
    account.add(node.id, 'in', rows)
    account.add(node.id, 'out', kept)
    account.add(node.id, lost, rows - kept)
    return true
  }
}
