/**
 * Shards on their way to where readers find them, in the background, while others are built: so many at
 * once, and whoever builds waits where there are more. The first failure ends it all.
 */

/** Enough to fill a line to a store whose answers take a while. */
export const SENDS_MAX = 50

export class Sending {
  readonly #under = new Set<Promise<void>>()
  readonly #max: number
  #failure: { readonly error: unknown } | null = null
  readonly #stopped = Promise.withResolvers<void>()

  constructor(max = SENDS_MAX) {
    this.#max = max
  }

  /** Waits for room, and begins. Throws what went wrong with an earlier one. */
  async add(send: () => Promise<void>): Promise<void> {
    while (this.#under.size >= this.#max) await this.#one()
    this.#check()
    const sent: Promise<void> = send()
      .catch(error => this.stop(error))
      .finally(() => this.#under.delete(sent))
    this.#under.add(sent)
  }

  /** All have arrived. Throws what went wrong with the first that did not. */
  async settled(): Promise<void> {
    this.#check()
    while (this.#under.size > 0) {
      await this.#one()
      this.#check()
    }
  }

  /** Nothing more is sent, nor waited for. */
  stop(error: unknown): void {
    this.#failure ??= { error }
    this.#stopped.resolve()
  }

  #one(): Promise<void> {
    this.#check()
    return Promise.race([this.#stopped.promise, ...this.#under])
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure.error
  }
}
