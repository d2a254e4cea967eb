/** Who runs tasks: this thread, or a pool of workers. Both run the same TaskRunner. */
import { Piscina } from 'piscina'
import { Fault, faultFromJson } from '../fault.ts'
import type { Progress } from './progress.ts'
import type {
  Answer,
  AssembleSpec,
  Assembled,
  RunSettings,
  TaskResult,
  TaskSpec,
} from './protocol.ts'
import type { TaskRunner } from './task-runner.ts'

export interface Executor {
  /** How many tasks it runs at once. */
  readonly concurrency: number
  run(task: TaskSpec): Promise<TaskResult>
  assemble(job: AssembleSpec): Promise<Assembled>
  /** Stops at once; tasks under way end with a fault. */
  close(): Promise<void>
}

export class InlineExecutor implements Executor {
  readonly concurrency = 1
  readonly #runner: TaskRunner
  constructor(runner: TaskRunner) {
    this.#runner = runner
  }
  run(task: TaskSpec): Promise<TaskResult> {
    return this.#runner.run(task)
  }
  assemble(job: AssembleSpec): Promise<Assembled> {
    return this.#runner.assemble(job)
  }
  close(): Promise<void> {
    return this.#runner.close()
  }
}

/** What a worker is started with. */
export interface WorkerData {
  readonly settings: RunSettings
  readonly arena: SharedArrayBuffer
  readonly progress: SharedArrayBuffer
}

export type WorkerJob = { readonly run: TaskSpec } | { readonly assemble: AssembleSpec }

/**
 * Left to itself V8 lets each thread's young objects take about 100 MB before it looks for dead ones. A
 * small budget has no room for that: a write of 2 M rows into 5,000 folders within 128 MB peaked at
 * 516 MB on two threads, at 332 to 358 MB with this.
 */
function youngGeneration({ memoryBytes, workers }: RunSettings): {
  resourceLimits?: { maxYoungGenerationSizeMb: number }
} {
  const each = memoryBytes / workers / 2 ** 20
  return each < 256 ? { resourceLimits: { maxYoungGenerationSizeMb: Math.max(8, each / 8) } } : {}
}

export class PoolExecutor implements Executor {
  readonly concurrency: number
  readonly #pool: Piscina<WorkerJob, Answer<unknown>>
  #closed = false

  constructor(settings: RunSettings, shared: { arena: SharedArrayBuffer; progress: Progress }) {
    this.concurrency = settings.workers
    const data: WorkerData = {
      settings,
      arena: shared.arena,
      progress: shared.progress.shared,
    }
    this.#pool = new Piscina({
      filename: import.meta.resolve('#task'),
      minThreads: settings.workers,
      maxThreads: settings.workers,
      workerData: data,
      atomics: 'disabled',
      maxQueue: 1_000_000,
      ...youngGeneration(settings),
    })
    this.#pool.on('error', () => {})
  }

  run(task: TaskSpec): Promise<TaskResult> {
    return this.#ask<TaskResult>({ run: task })
  }

  assemble(job: AssembleSpec): Promise<Assembled> {
    return this.#ask<Assembled>({ assemble: job })
  }

  async #ask<R>(job: WorkerJob): Promise<R> {
    let answer: Answer<unknown>
    try {
      answer = await this.#pool.run(job)
    } catch (error) {
      if (this.#closed) throw new Fault('resource', 'the run was stopped')
      throw new Fault('resource', `a worker thread died: ${(error as Error).message}`, {
        hint: 'where V8’s heap overflowed, a function of yours keeps too much (a Map, an array): bound it, or give V8 more with NODE_OPTIONS=--max-old-space-size=<MB>',
      })
    }
    if ('fault' in answer) throw faultFromJson(answer.fault)
    return answer.ok as R
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#pool.destroy()
  }
}
