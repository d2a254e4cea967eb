/** The worker threads of a pool by their numbers, those that have ended too: a thread that ended has no number any more. */
import type { Worker } from 'node:worker_threads'

/** One that is inside a call of the system may never end. */
const GONE_MS = 5000

export class Threads {
  readonly #now: () => readonly Worker[]
  readonly #known = new Map<number, { readonly worker: Worker; readonly gone: Promise<true> }>()

  /** `now`: the pool's threads as they are. */
  constructor(now: () => readonly Worker[]) {
    this.#now = now
  }

  /** Takes in the threads that were started since. */
  meet(): void {
    for (const worker of this.#now()) {
      const { threadId } = worker
      if (threadId < 0 || this.#known.has(threadId)) continue
      const gone = new Promise<true>(resolve => worker.once('exit', () => resolve(true)))
      this.#known.set(threadId, { worker, gone })
    }
  }

  of(thread: number): Worker | undefined {
    this.meet()
    return this.#known.get(thread)?.worker
  }

  /** Resolves once the thread has ended; false where it does not end. A job that had no thread (0) has none that could go on. */
  async gone(thread: number): Promise<boolean> {
    if (thread === 0) return true
    const known = this.#known.get(thread)
    if (known === undefined) return false
    const late = new Promise<false>(resolve => setTimeout(resolve, GONE_MS, false).unref())
    const gone = await Promise.race([known.gone, late])
    if (gone) this.#known.delete(thread)
    return gone
  }
}
