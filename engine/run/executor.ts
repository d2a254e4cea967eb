/** Who runs tasks: this thread, or a pool of workers. Both run the same TaskRunner. */
import { Fault, faultFromJson, throwSite } from '../fault.ts'
import { removeAttempt } from './dead-attempt.ts'
import type { Arena } from './exchange/arena.ts'
import type { SpillSpace } from './exchange/spill-space.ts'
import type { Pool } from './pool.ts'
import type { Progress } from './progress.ts'
import type {
  Answer,
  AssembleSpec,
  Assembled,
  RunSettings,
  TaskResult,
  TaskSpec,
} from './protocol.ts'
import { Pulse } from './pulse.ts'
import type { TaskRunner } from './task-runner.ts'
import { Threads } from './threads.ts'
import { Watchdog, type WatchdogOptions } from './watchdog.ts'

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

/** What a worker needs to know of the run, told before its first job. */
export interface WorkerData {
  readonly settings: RunSettings
  readonly arena: SharedArrayBuffer
  readonly progress: SharedArrayBuffer
  readonly spillSpace: SharedArrayBuffer
}

/** `owner`: the number of this attempt, by which its pages of the arena are known. */
export type WorkerJob = ({ readonly run: TaskSpec } | { readonly assemble: AssembleSpec }) & {
  readonly owner: number
  readonly pulse: SharedArrayBuffer
}

/** Attempts have numbers from 2 on: 1 is the coordinator's own. */
const FIRST_OWNER = 2
const ASSEMBLIES_MAX = 3

export interface Care extends WatchdogOptions {
  /** The steps of a task's stage. */
  stepsOf(task: TaskSpec): string
}

export class PoolExecutor implements Executor {
  readonly concurrency: number
  readonly #pool: Pool
  readonly #threads: Threads
  readonly #watchdog: Watchdog
  readonly #data: WorkerData
  readonly #arena: Arena
  readonly #spillSpace: SpillSpace
  readonly #care: Care
  #owner = FIRST_OWNER
  #closed = false

  constructor(
    settings: RunSettings,
    shared: { arena: Arena; progress: Progress; spillSpace: SpillSpace; care: Care; pool: Pool },
  ) {
    this.concurrency = settings.workers
    this.#arena = shared.arena
    this.#spillSpace = shared.spillSpace
    this.#care = shared.care
    this.#data = {
      settings,
      arena: shared.arena.buffer,
      progress: shared.progress.shared,
      spillSpace: shared.spillSpace.shared,
    }
    this.#pool = shared.pool
    this.#pool.begin(this.#data)
    this.#threads = new Threads(() => this.#pool.threads)
    this.#watchdog = new Watchdog(shared.care, id => this.#threads.of(id))
  }

  run(task: TaskSpec): Promise<TaskResult> {
    const { index, tasks } = task
    const name = `task ${index} of ${tasks} of ${this.#care.stepsOf(task)}`
    return this.#ask<TaskResult>({ run: task }, name)
  }

  /** A shard is made anew where its thread died: nobody has seen it. */
  async assemble(job: AssembleSpec): Promise<Assembled> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#ask<Assembled>({ assemble: job }, `the making of a file of an output`)
      } catch (error) {
        if (!(error instanceof ThreadDied) || tries === ASSEMBLIES_MAX) throw error
      }
    }
  }

  async #ask<R>(job: { run: TaskSpec } | { assemble: AssembleSpec }, name: string): Promise<R> {
    const owner = this.#owner++
    const pulse = new Pulse()
    const watched = this.#watchdog.watch(name, pulse)
    let answer: Answer<unknown>
    try {
      const asked = this.#pool.run({ ...job, owner, pulse: pulse.shared })
      this.#threads.meet()
      answer = await asked
    } catch (error) {
      if (this.#closed) throw new Fault('resource', 'the run was stopped')
      await this.#bury(owner, pulse.thread, job)
      throw watched.overdue ?? new ThreadDied(error as Error)
    } finally {
      watched.end()
    }
    if ('fault' in answer) throw faultFromJson(answer.fault)
    return answer.ok as R
  }

  /** What a dead thread's job left: pages of the arena, files in the scratch folder. Another attempt shares neither. */
  async #bury(
    owner: number,
    thread: number,
    job: { run: TaskSpec } | { assemble: AssembleSpec },
  ): Promise<void> {
    this.#threads.meet()
    // One that cannot be ended may still write: it keeps what it has.
    if (!(await this.#threads.gone(thread))) return
    this.#arena.reclaim(owner)
    if ('run' in job) this.#spillSpace.give(removeAttempt(this.#data.settings.scratch, job.run))
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#watchdog.close()
    await this.#pool.destroy()
  }
}

/** The thread of a job ended before the job did: another one may do better. */
class ThreadDied extends Fault {
  constructor(error: Error) {
    const { message, code } = error as NodeJS.ErrnoException
    const exited = /exited with code/.test(message)
    const heap = code === 'ERR_WORKER_OUT_OF_MEMORY'
    // Of an exit the only frames are the pool's own.
    const at = exited ? '' : throwSite(error)
    super('resource', `a worker thread died: ${message}`, {
      ...(at === '' ? {} : { at }),
      hint: heap
        ? 'a function of yours keeps too much (a Map, an array): bound it, or give V8 more with NODE_OPTIONS=--max-old-space-size=<MB>'
        : exited
          ? 'leave out process.exit() in your functions, and in the packages that they call'
          : 'an error was thrown outside of any step, as in a timer or a promise that nobody awaits: catch it there',
      cause: error,
    })
  }
}
