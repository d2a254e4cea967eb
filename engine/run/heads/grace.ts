/**
 * Work by key in bounded memory (Grace hash: Kitsuregawa et al., 1983). A job first tries its whole
 * partition; where its state outgrows the memory it gives up, and the partition is split on disk by
 * further bits of the keys' hash, each part tried alone, and split again where need be.
 *
 * Output order must not depend on memory. So rows that are split carry their ordinal (arrival number
 * over all inputs) as a last column, a job's results carry the ordinal that they are ordered by, and
 * the parts' results, each in order, are merged by it. This writes results once more, but only where
 * a run spills at all; the alternative, results part by part, made bytes depend on `--workers`.
 */
import { type Batch, dense, project } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { type AnySchema, schemaOf, t } from '../../data/schema.ts'
import { repartition } from '../exchange/repartition.ts'
import type { Awaitable, Emit, Partition, SpillWriter, TaskContext } from '../operator.ts'
import { hasherOf } from './compile-once.ts'
import { fewerRuns, mergeRuns } from './merge.ts'
import { Recut } from './recut.ts'
import { runsMaxFor } from './sort.ts'

export const FANOUT = 8
/** With 8 parts a level, 262,144 parts: what is still too large then has one key, or few. */
export const LEVELS_MAX = 6
/** Smaller parts are not split: what they hold is mostly the tables' first room. */
export const PART_BYTES_MIN = 32 << 10

export interface Attempt {
  /** Rows have an ordinal as their last column, and results must have one. */
  readonly numbered: boolean
  /** The job must give up where it does not fit; else it must go on, whatever it takes. */
  readonly bounded: boolean
  readonly emit: Emit
  /** The results that follow start anew in order. Only where `numbered`. */
  readonly nextRun: () => void
}

export interface Job {
  readonly inputs: readonly AnySchema[]
  /** By input: the columns whose equal values must meet. */
  readonly keys: readonly (readonly string[])[]
  readonly output: AnySchema
  /** Its batches end where those of its first input do; else they are full but for the last. */
  readonly followsBlocks?: boolean
  /** False where it gave up: nothing was emitted then and no row is accounted for. */
  attempt(inputs: readonly Partition[], a: Attempt): Promise<boolean>
}

export async function runJob(
  job: Job,
  inputs: readonly Partition[],
  { emit, task }: { emit: Emit; task: TaskContext },
): Promise<void> {
  const nextRun = () => {}
  if (await job.attempt(inputs, { numbered: false, bounded: true, emit, nextRun })) return
  const split = new Split(job, task)
  let first = 0
  const starts: number[] = []
  const parts = inputs.map((input, i) => {
    const started = (ordinal: number) => {
      if (i === 0 || ordinal === inputs[0]?.rows) starts.push(ordinal)
    }
    const part = numbered(input, { schema: job.inputs[i] as AnySchema, first, started })
    first += input.rows
    return part
  })
  await split.split(parts, 0)
  const schema = withOrdinal(job.output)
  const ordinal = (schema.list.at(-1) as AnySchema['list'][number]).name
  const merge = {
    schema,
    sort: [{ by: ordinal, order: 'asc' as const }],
    rowsPerBatch: task.rowsPerBatch,
  }
  const runs = fewerRuns(split.runs, {
    ...merge,
    spill: task.spill,
    runsMax: runsMaxFor(task.memoryBytes),
  })
  const merged = mergeRuns(runs, merge)
  if (job.followsBlocks) {
    const { rowsPerBatch } = task
    const recut = new Recut(schema, { output: job.output, starts, rowsPerBatch, emit })
    for (const batch of merged) await recut.push(batch)
    return recut.flush()
  }
  const at = job.output.list.map((_, j) => j)
  for (const batch of merged) await emit(project(batch, job.output, at))
}

class Split {
  readonly runs: Partition[] = []
  readonly #job: Job
  readonly #task: TaskContext
  readonly #inputs: readonly AnySchema[]
  readonly #output: AnySchema
  #writer: SpillWriter | null = null

  constructor(job: Job, task: TaskContext) {
    this.#job = job
    this.#task = task
    this.#inputs = job.inputs.map(withOrdinal)
    this.#output = withOrdinal(job.output)
  }

  async split(inputs: readonly Partition[], level: number): Promise<void> {
    const { spill } = this.#task
    const parts = inputs.map((input, i) => {
      const schema = this.#inputs[i] as AnySchema
      const hashRows = hasherOf(schema, this.#job.keys[i] as string[])
      return repartition(input, spill, {
        schema,
        hashRows,
        level,
        fanout: FANOUT,
        release: level > 0,
      })
    })
    const rows = rowsOf(inputs)
    for (let p = 0; p < FANOUT; p++) {
      const part = parts.map(split => split[p] as Partition)
      if (rowsOf(part) === 0) continue
      const bounded =
        level + 1 < LEVELS_MAX && rowsOf(part) < rows && bytesOf(part) > PART_BYTES_MIN
      if (await this.#attempt(part, bounded)) for (const input of part) discard(input)
      else await this.split(part, level + 1)
    }
  }

  async #attempt(part: readonly Partition[], bounded: boolean): Promise<boolean> {
    const emit = (batch: Batch): Awaitable => {
      this.#writer ??= this.#task.spill.open(this.#output)
      this.#writer.write(batch)
    }
    const done = await this.#job.attempt(part, {
      numbered: true,
      bounded,
      emit,
      nextRun: () => this.#endRun(),
    })
    this.#endRun()
    return done
  }

  #endRun(): void {
    if (this.#writer !== null) this.runs.push(this.#writer.close())
    this.#writer = null
  }
}

const rowsOf = (inputs: readonly Partition[]): number => inputs.reduce((sum, p) => sum + p.rows, 0)

const bytesOf = (inputs: readonly Partition[]): number =>
  inputs.reduce((sum, p) => sum + p.bytes, 0)

/** Removes what a part has on disk. */
function discard(part: Partition): void {
  for (const _ of part.batches({ release: true })) return
}

/** The schema with an ordinal as its last column, under a name that it has not. */
export function withOrdinal(schema: AnySchema): AnySchema {
  const known = withOrdinals.get(schema)
  if (known !== undefined) return known
  let name = '#'
  while (name in schema.fields) name += '#'
  const made = schemaOf([...schema.list, { name, kind: t.int64 }])
  withOrdinals.set(schema, made)
  return made
}
const withOrdinals = new WeakMap<AnySchema, AnySchema>()

/** The partition with each row's arrival number, counted from `first`; `started` is told that of each block. */
function numbered(
  partition: Partition,
  o: { schema: AnySchema; first: number; started: (ordinal: number) => void },
): Partition {
  const out = withOrdinal(o.schema)
  return {
    rows: partition.rows,
    bytes: partition.bytes + partition.rows * 8,
    *batches(options) {
      let next = o.first
      let ordinals = new Float64Array(0)
      for (const batch of partition.batches(options)) {
        o.started(next)
        if (ordinals.length < batch.rows) ordinals = new Float64Array(batch.rows)
        for (let i = 0; i < batch.rows; i++) ordinals[i] = next + i
        next += batch.rows
        const ordinal: Column = { kind: t.int64, values: ordinals, valid: null, pool: null }
        yield dense(out, [...batch.columns, ordinal], batch.rows)
      }
    },
  }
}
