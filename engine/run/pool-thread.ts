/**
 * One worker thread of a pool. Jobs and answers pass by a port of their own: what the pipeline's module
 * or its packages send by the thread's own port is not taken for an answer.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { WorkerData, WorkerJob } from './executor.ts'
import type { PoolLimits } from './pool.ts'
import type { Answer } from './protocol.ts'

/** What a worker is started with: all else comes with its jobs, as it is known later. */
export interface WorkerStart {
  /** The module's path. */
  readonly module: string
  /** Which export; null for the default. */
  readonly pipeline: string | null
}

/** What the thread finds in `workerData`. By `port` it says null once it has started, then an answer a job. */
export interface WorkerBegin {
  readonly start: WorkerStart
  readonly port: MessagePort
}

/** What it is given: first of all what it runs jobs of, then jobs, one after the other. */
export type WorkerMessage = WorkerJob | { readonly data: WorkerData }

export interface ThreadEvents {
  /** It can take a job. */
  idle(): void
  answered(answer: Answer<unknown>): void
  /** What it threw outside of a job, or its exit code. */
  ended(error: Error): void
}

export class PoolThread {
  readonly worker: Worker
  readonly #port: MessagePort

  constructor(start: WorkerStart, limits: PoolLimits, events: ThreadEvents) {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    const begin: WorkerBegin = { start, port: port2 }
    this.worker = new Worker(new URL(import.meta.resolve('#task')), {
      workerData: begin,
      transferList: [port2],
      ...youngGeneration(limits),
    })
    port1.on('message', (answer: Answer<unknown> | null) => {
      if (answer !== null) events.answered(answer)
      events.idle()
    })
    let error: Error | null = null
    this.worker.on('error', thrown => {
      error ??= thrown instanceof Error ? thrown : new Error(String(thrown))
    })
    this.worker.once('exit', code => {
      port1.close()
      events.ended(error ?? new Error(`worker exited with code: ${code}`))
    })
  }

  give(message: WorkerMessage): void {
    this.#port.postMessage(message)
  }
}

/**
 * Left to itself V8 lets each thread's young objects take about 100 MB before it looks for dead ones. A
 * small budget has no room for that: a write of 2 M rows into 5,000 folders within 128 MB peaked at
 * 516 MB on two threads, at 332 to 358 MB with this.
 */
function youngGeneration({ memoryBytes, workers }: PoolLimits): {
  resourceLimits?: { maxYoungGenerationSizeMb: number }
} {
  const each = memoryBytes / workers / 2 ** 20
  return each < 256 ? { resourceLimits: { maxYoungGenerationSizeMb: Math.max(8, each / 8) } } : {}
}
