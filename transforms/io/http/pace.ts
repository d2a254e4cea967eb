/** Lets requests go no faster than so many a second; of a pause nothing is saved up. */
import { setTimeout as sleep } from 'node:timers/promises'

export class Pace {
  readonly #gapMs: number
  #next = 0

  /** `perSecond`: Infinity for no limit. */
  constructor(perSecond: number) {
    this.#gapMs = 1000 / perSecond
  }

  /** Waits for its turn; turns are given in the order of the calls. */
  async turn(signal: AbortSignal): Promise<void> {
    if (this.#gapMs === 0) return
    const now = performance.now()
    const at = Math.max(now, this.#next)
    this.#next = at + this.#gapMs
    if (at > now) await sleep(at - now, undefined, { signal })
  }
}
