/**
 * A lock in shared memory, for work of a few microseconds: threads spin, then sleep. It says who holds
 * it, so that it can be taken from a thread that died with it.
 */
import { Fault } from '../../fault.ts'

const SPINS = 200
const WAIT_MS = 1000
const WAITS_MAX = 30

/** Whoever a thread works for at the time: a number from 1 to 2^30. */
export interface Holder {
  readonly owner: number
}

/** The lock in words[at]: 0 free, else twice the owner's number, plus 1 where somebody waits. */
export class SharedLock {
  readonly #words: Int32Array
  readonly #at: number
  readonly #name: string
  readonly #holder: Holder

  constructor(words: Int32Array, at: number, { name, holder }: { name: string; holder: Holder }) {
    this.#words = words
    this.#at = at
    this.#name = name
    this.#holder = holder
  }

  /** Throws engine: whoever held it is gone. */
  acquire(): void {
    const words = this.#words
    const at = this.#at
    const mine = this.#holder.owner << 1
    for (let spin = 0; spin < SPINS; spin++)
      if (Atomics.compareExchange(words, at, 0, mine) === 0) return
    for (let waits = 0; ; ) {
      const held = Atomics.load(words, at)
      if (held === 0) {
        // Others may wait, too.
        if (Atomics.compareExchange(words, at, 0, mine | 1) === 0) return
      } else if ((held & 1) === 0) Atomics.compareExchange(words, at, held, held | 1)
      else if (Atomics.wait(words, at, held, WAIT_MS) === 'timed-out' && ++waits === WAITS_MAX)
        throw new Fault('engine', `${this.#name} is locked by a thread that is gone`)
    }
  }

  release(): void {
    const words = this.#words
    if ((Atomics.exchange(words, this.#at, 0) & 1) === 1) Atomics.notify(words, this.#at, 1)
  }

  heldBy(owner: number): boolean {
    return Atomics.load(this.#words, this.#at) >>> 1 === owner
  }
}
