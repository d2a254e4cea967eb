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
    const file = import.meta.url.endsWith('.ts') ? '../../workers/task.ts' : '../../workers/task.js'
    this.#pool = new Piscina({
      filename: new URL(file, import.meta.url).href,
      minThreads: settings.workers,
      maxThreads: settings.workers,
      workerData: data,
      atomics: 'disabled',
      maxQueue: 1_000_000,
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
        hint: 'where it ran out of memory, give the run fewer workers or more memory',
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
