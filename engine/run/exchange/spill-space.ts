/** How much the run's spill files take on disk, by all threads, and how much they may. */
import { Fault } from '../../fault.ts'

export class SpillSpace {
  readonly shared: SharedArrayBuffer
  /** Null: as much as the disk has. */
  readonly #bytesMax: number | null
  readonly #used: BigInt64Array

  constructor(bytesMax: number | null, shared = new SharedArrayBuffer(8)) {
    this.#bytesMax = bytesMax
    this.shared = shared
    this.#used = new BigInt64Array(shared)
  }

  get used(): number {
    return Number(Atomics.load(this.#used, 0))
  }

  /** Throws resource: that is more than may be. */
  take(bytes: number): void {
    const used = Number(Atomics.add(this.#used, 0, BigInt(bytes))) + bytes
    if (this.#bytesMax === null || used <= this.#bytesMax) return
    this.give(bytes)
    const mb = (n: number) => `${(n / 1e6).toFixed(1)} MB`
    throw new Fault(
      'resource',
      `spilled rows would take ${mb(used)} on disk, ${mb(this.#bytesMax)} is all that they may`,
      { hint: 'allow more with --spill-limit, or let less be spilled with more --memory' },
    )
  }

  give(bytes: number): void {
    Atomics.sub(this.#used, 0, BigInt(bytes))
  }
}
