/** What a run may be told, and its defaults. */
import { availableParallelism } from 'node:os'
import type { Stages } from '../compile/stages.ts'
import type { KeyValues } from '../io/ledger.ts'
import type { Definition } from '../plan/definition.ts'
import type { Arena } from './exchange/arena.ts'
import type { Inputs } from './inputs.ts'
import type { Pool } from './pool.ts'
import type { Progress } from './progress.ts'
import type { Watch } from './scheduler.ts'

export interface RunOptions {
  /** The module's path, whose pipeline runs on worker threads; or a pipeline, which runs in this one. */
  readonly pipeline: string | Definition
  /** Which export, where the module has several. */
  readonly export?: string
  readonly params?: Readonly<Record<string, unknown>>
  /** Default true. False runs the plan as written: the same answer, so that a rule can be held against it. */
  readonly optimize?: boolean
  /** Threads; default: cores. Changes no byte of the output. */
  readonly workers?: number
  /** Default 1 GB. */
  readonly memoryBytes?: number
  readonly overwrite?: boolean
  /** Where runs are written down and marks are kept. Default: nowhere. 'none': nowhere, and it was asked for. */
  readonly ledger?: KeyValues | 'none' | null
  /** Start of the interval to run, epoch milliseconds. Default: of the last that has ended. */
  readonly interval?: number
  /** Runs an interval that was published; its outputs are replaced. */
  readonly again?: boolean
  /** Rows of each source; nothing is published. */
  readonly limit?: number | null
  /** Share of a source's rows that may be rejected, of those above 100. Default 0.1. */
  readonly maxRejects?: number
  /** Default 16,384. */
  readonly rowsPerBatch?: number
  /** Bytes that an operator holds before it spills; default: from memoryBytes. */
  readonly operatorBytes?: number
  readonly arenaBytes?: number
  /** What spill files may take on disk at once. Default: as much as there is. */
  readonly spillBytesMax?: number
  readonly splitBytes?: number
  readonly partitions?: number
  /** Folder for spill files and fragments. Default: under the system's temporary folder. */
  readonly scratch?: string
  /** What a task may take before its thread is ended. Default: as long as it takes. Worker threads only. */
  readonly taskTimeoutMs?: number
  /** A task without progress for so long is told, with the place in the user's code. Default 30,000. */
  readonly stuckAfterMs?: number
  /** Takes up the unfinished run of the same pipeline, parameters and inputs, where there is one. */
  readonly resume?: boolean
  /** What is done is kept for `resume` once the run has lasted so long. Default 5; 0: from the start, however long copying it takes. */
  readonly checkpointAfterSeconds?: number
  readonly signal?: AbortSignal
  /** The threads, where they were started already, by `poolOf` with these options: the run ends them. */
  readonly pool?: Pool | null
  readonly watch?: Watch
  /** Told once the stages are known, before the first task. */
  readonly started?: (run: {
    stages: Stages
    inputs: Inputs
    progress: Progress
    arena: Arena
    runId: string
  }) => void
}

const MB = 2 ** 20

/** A pipeline that is built inline runs in one thread. */
export const limitsOf = (o: RunOptions): { workers: number; memoryBytes: number } => ({
  workers: typeof o.pipeline === 'string' ? (o.workers ?? availableParallelism()) : 1,
  memoryBytes: o.memoryBytes ?? 1024 * MB,
})
