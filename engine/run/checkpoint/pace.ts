/**
 * Keeps work in the background to a share of the time: after a piece of work it waits for as long as
 * makes the share good. Who needs the rest at once lets it go on without waiting.
 */
export class Pace {
  readonly #share: number
  #workMs = 0
  #sinceMs = 0
  #hurried = false
  #wake: (() => void) | null = null

  /** `share`: of the time since the first piece began, above 0; 1: no waiting. */
  constructor(share: number) {
    this.#share = share
  }

  /** Does a piece of work, then waits. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const startedMs = performance.now()
    if (this.#sinceMs === 0) this.#sinceMs = startedMs
    const done = await work()
    this.#workMs += performance.now() - startedMs
    await this.#rest()
    return done
  }

  /** Ends all waiting, from now on. */
  hurry(): void {
    this.#hurried = true
    this.#wake?.()
  }

  async #rest(): Promise<void> {
    const leftMs = this.#sinceMs + this.#workMs / this.#share - performance.now()
    if (this.#hurried || leftMs <= 0) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, leftMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = null
  }
}
