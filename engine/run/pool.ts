/**
 * The worker threads of a run, and the jobs that wait for one. The first thread starts before the plan
 * is made, and imports the pipeline's module meanwhile; others start once the inputs turn out to make
 * several tasks, or where a job finds all at work: a small run needs one, and three threads that start at
 * once on two cores are no faster than two after each other. A job is given to a thread that has started,
 * so that none waits for a start beside an idle thread.
 *
 * A pool of our own: with Piscina a run of one row took 0.30 s instead of 0.24 (bench/README.md).
 */
import type { WorkerData, WorkerJob } from './executor.ts'
import { PoolThread, type WorkerStart } from './pool-thread.ts'
import type { Answer } from './protocol.ts'

interface Asked {
  readonly job: WorkerJob
  readonly resolve: (answer: Answer<unknown>) => void
  readonly reject: (error: Error) => void
}

export interface PoolLimits {
  readonly memoryBytes: number
  readonly workers: number
}

export class Pool {
  readonly #start: WorkerStart
  readonly #limits: PoolLimits
  readonly #threads = new Set<PoolThread>()
  readonly #idle: PoolThread[] = []
  readonly #queue: Asked[] = []
  readonly #running = new Map<PoolThread, Asked>()
  #data: WorkerData | null = null
  #closed = false

  /** One thread starts at once. */
  constructor(start: WorkerStart, limits: PoolLimits) {
    this.#start = start
    this.#limits = limits
    this.#add()
  }

  /** Those that have not ended. */
  get threads(): PoolThread['worker'][] {
    return [...this.#threads].map(t => t.worker)
  }

  /** Tells all threads, those too that start later, what they run jobs of. */
  begin(data: WorkerData): void {
    this.#data = data
    for (const thread of this.#threads) thread.give({ data })
  }

  /** So many jobs are about to come: threads for them start. */
  expect(jobs: number): void {
    for (let k = this.#threads.size; k < Math.min(jobs, this.#limits.workers); k++) this.#tryAdd()
  }

  /** Rejects where the thread ended before the job did: with what it threw, or its exit code. */
  run(job: WorkerJob): Promise<Answer<unknown>> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(stopped())
      this.#queue.push({ job, resolve, reject })
      this.#hand()
      const starting = this.#threads.size - this.#idle.length - this.#running.size
      if (this.#queue.length > starting) this.#tryAdd()
    })
  }

  /** Ends all threads; jobs that are not done reject. Resolves once the threads are gone. */
  async destroy(): Promise<void> {
    this.#closed = true
    for (const { reject } of this.#queue.splice(0)) reject(stopped())
    await Promise.all([...this.#threads].map(t => t.worker.terminate()))
  }

  /** Where the system refuses another thread, those that there are do the jobs. */
  #tryAdd(): void {
    if (this.#threads.size >= this.#limits.workers) return
    try {
      this.#add()
    } catch (error) {
      if (this.#threads.size > 0) return
      for (const { reject } of this.#queue.splice(0)) reject(error as Error)
    }
  }

  #add(): void {
    const thread = new PoolThread(this.#start, this.#limits, {
      idle: () => {
        this.#idle.push(thread)
        this.#hand()
      },
      answered: answer => {
        const asked = this.#running.get(thread)
        this.#running.delete(thread)
        asked?.resolve(answer)
      },
      ended: error => this.#ended(thread, error),
    })
    this.#threads.add(thread)
    if (this.#data !== null) thread.give({ data: this.#data })
  }

  #hand(): void {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const thread = this.#idle.pop() as PoolThread
      const asked = this.#queue.shift() as Asked
      this.#running.set(thread, asked)
      thread.give(asked.job)
    }
  }

  /** One that ends as it starts takes the first job with it: else it would be started for ever. */
  #ended(thread: PoolThread, error: Error): void {
    const idle = this.#idle.indexOf(thread)
    if (idle >= 0) this.#idle.splice(idle, 1)
    const lost = this.#running.get(thread) ?? (idle >= 0 ? undefined : this.#queue.shift())
    this.#running.delete(thread)
    this.#threads.delete(thread)
    if (!this.#closed && this.#queue.length > 0 && this.#threads.size === 0) this.#tryAdd()
    lost?.reject(this.#closed ? stopped() : error)
  }
}

const stopped = (): Error => new Error('the threads were stopped')
