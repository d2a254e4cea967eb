/** Asks again what may pass: exponential backoff with full jitter, until a deadline. */
import { setTimeout as sleep } from 'node:timers/promises'
import { jitteredMs } from '../retry/retry.ts'
import type { Address } from './address.ts'
import { mayPass, mongoFault } from './faults.ts'

const BACKOFF = { firstMs: 100, mostMs: 10_000 }

/** Time that failing in a row may take; whoever gets an answer begins anew. */
export class Patience {
  readonly #deadlineMs: number
  #since = 0
  #failures = 0

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs
  }

  answered(): void {
    this.#failures = 0
  }

  /** Waits before the next attempt; false where the time is over. */
  async wait(): Promise<boolean> {
    if (this.#failures === 0) this.#since = performance.now()
    const ms = jitteredMs(this.#failures++, BACKOFF)
    if (performance.now() + ms - this.#since > this.#deadlineMs) return false
    await sleep(ms)
    return true
  }
}

/** `doing`: what the address cannot be, if it fails, as `read`. `started`: as for `mayPass`. */
export async function retried<T>(
  ask: () => Promise<T>,
  o: { address: Address; doing: string; deadlineMs: number; started: boolean },
): Promise<T> {
  const patience = new Patience(o.deadlineMs)
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!mayPass(error, o.started) || !(await patience.wait()))
        throw mongoFault(error, o.address, o.doing)
    }
  }
}
