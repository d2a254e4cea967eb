/**
 * Ctrl-C, SIGTERM and a closed terminal: the first asks to stop, the second means at once. A terminal,
 * or `timeout`, signals the whole process group, and a launcher passes the same signal on: what comes
 * within half a second of the first is the same request, told twice.
 */
const SAME_MS = 500
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export class Interrupts {
  readonly #first: () => void
  readonly #again: () => void
  readonly #listener = (): void => this.#hear()
  #firstMs = -1

  constructor(first: () => void, again: () => void) {
    this.#first = first
    this.#again = again
    for (const signal of SIGNALS) process.on(signal, this.#listener)
  }

  get any(): boolean {
    return this.#firstMs >= 0
  }

  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.#listener)
  }

  #hear(): void {
    const now = performance.now()
    if (this.#firstMs < 0) {
      this.#firstMs = now
      this.#first()
    } else if (now - this.#firstMs > SAME_MS) this.#again()
  }
}
