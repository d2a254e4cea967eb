/**
 * The worker threads of a run. The first starts before the plan is made and imports the pipeline's
 * module meanwhile; the others start with the first task that waits. A small run needs one, and three
 * threads that start at once on two cores are no faster than two after each other.
 */
import { Piscina } from 'piscina'
import type { WorkerJob } from './executor.ts'
import type { Answer } from './protocol.ts'

export type Pool = Piscina<WorkerJob, Answer<unknown>>

/** What a worker is started with: all else comes with its jobs, as it is known later. */
export interface WorkerStart {
  /** The module's path. */
  readonly module: string
  /** Which export; null for the default. */
  readonly pipeline: string | null
}

/**
 * Left to itself V8 lets each thread's young objects take about 100 MB before it looks for dead ones. A
 * small budget has no room for that: a write of 2 M rows into 5,000 folders within 128 MB peaked at
 * 516 MB on two threads, at 332 to 358 MB with this.
 */
function youngGeneration({ memoryBytes, workers }: { memoryBytes: number; workers: number }): {
  resourceLimits?: { maxYoungGenerationSizeMb: number }
} {
  const each = memoryBytes / workers / 2 ** 20
  return each < 256 ? { resourceLimits: { maxYoungGenerationSizeMb: Math.max(8, each / 8) } } : {}
}

export function startPool(
  start: WorkerStart,
  limits: { readonly memoryBytes: number; readonly workers: number },
): Pool {
  const pool: Pool = new Piscina({
    filename: import.meta.resolve('#task'),
    minThreads: 1,
    maxThreads: limits.workers,
    idleTimeout: Number.POSITIVE_INFINITY,
    workerData: start,
    atomics: 'disabled',
    maxQueue: 1_000_000,
    ...youngGeneration(limits),
  })
  pool.on('error', () => {})
  return pool
}
