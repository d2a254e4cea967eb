/**
 * What the thread that runs a job shows of it while it runs: which thread it is, and that it goes on.
 * Two words of shared memory, as a thread that hangs answers no message.
 */
const [THREAD, BEATS] = [0, 1]

export class Pulse {
  readonly shared: SharedArrayBuffer
  readonly #words: Int32Array

  constructor(shared = new SharedArrayBuffer(8)) {
    this.shared = shared
    this.#words = new Int32Array(shared)
  }

  /** The thread has taken the job up. */
  begin(thread: number): void {
    Atomics.store(this.#words, THREAD, thread)
  }

  /** Some rows went by. */
  beat(): void {
    Atomics.add(this.#words, BEATS, 1)
  }

  /** 0 while the job waits for a thread. */
  get thread(): number {
    return Atomics.load(this.#words, THREAD)
  }

  get beats(): number {
    return Atomics.load(this.#words, BEATS)
  }
}
