/**
 * Rows and bytes as they are done, counted in shared memory: workers add, the coordinator reads. One
 * slot of two 64-bit counters a stage. A retried task's rows count twice here; the account does not.
 */
import type { Pulse } from './pulse.ts'

export class Progress {
  readonly shared: SharedArrayBuffer
  readonly #counters: BigInt64Array
  /** Of the job that this thread is at. */
  pulse: Pulse | null = null

  constructor(shared: SharedArrayBuffer) {
    this.shared = shared
    this.#counters = new BigInt64Array(shared)
  }

  static of(stages: number): Progress {
    return new Progress(new SharedArrayBuffer(16 * Math.max(1, stages)))
  }

  rows(stage: number, rows: number): void {
    this.pulse?.beat()
    Atomics.add(this.#counters, 2 * stage, BigInt(rows))
  }

  bytes(stage: number, bytes: number): void {
    this.pulse?.beat()
    Atomics.add(this.#counters, 2 * stage + 1, BigInt(Math.round(bytes)))
  }

  read(stage: number): { rows: number; bytes: number } {
    const at = (i: number) => Number(Atomics.load(this.#counters, 2 * stage + i))
    return { rows: at(0), bytes: at(1) }
  }
}
