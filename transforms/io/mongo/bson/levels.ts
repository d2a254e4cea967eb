/**
 * The paths of a schema's columns as a tree of names: what is to be looked for at each level of a
 * document. A list is a document whose names are its indices, so `lines.0.price` is a path too.
 */
import { hashBytes } from '../../../../engine/data/pool.ts'

/** Of as many elements of a level it is known where they were last. */
const ORDER_MAX = 256

export class Level {
  readonly names: Buffer[] = []
  /** By name: the slots that its value goes to. */
  readonly slots: number[][] = []
  /** By name: what is looked for inside its value. */
  readonly below: (Level | null)[] = []
  /** Which name the nth element of the last document had; -1: none of ours. The next has most often the same. */
  readonly order = new Int32Array(ORDER_MAX).fill(-1)
  #table = new Int32Array(2).fill(-1)

  /** The path of each slot. */
  static of(paths: readonly string[]): Level {
    const top = new Level()
    paths.forEach((path, slot) => {
      top.#add(path.split('.'), slot)
    })
    top.#index()
    return top
  }

  /** Of one level: what is between points is no path. */
  static ofNames(names: readonly string[]): Level {
    const top = new Level()
    names.forEach((name, slot) => {
      top.#add([name], slot)
    })
    top.#index()
    return top
  }

  #add([name = '', ...rest]: readonly string[], slot: number): void {
    const raw = Buffer.from(name)
    let k = this.names.findIndex(n => n.equals(raw))
    if (k < 0) {
      k = this.names.push(raw) - 1
      this.slots.push([])
      this.below.push(null)
    }
    if (rest.length === 0) this.slots[k]?.push(slot)
    else {
      const level = this.below[k] ?? new Level()
      this.below[k] = level
      level.#add(rest, slot)
    }
  }

  #index(): void {
    const size = 2 ** Math.ceil(Math.log2(this.names.length * 2 + 2))
    this.#table = new Int32Array(size).fill(-1)
    this.names.forEach((name, k) => {
      let slot = hashBytes(name, 0, name.length) & (size - 1)
      while ((this.#table[slot] as number) >= 0) slot = (slot + 1) & (size - 1)
      this.#table[slot] = k
    })
    for (const level of this.below) if (level !== null) level.#index()
  }

  /** The name at bytes[start..end), which ends with a zero; -1 where it is none of ours. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const mask = this.#table.length - 1
    let slot = hashBytes(bytes, start, end) & mask
    for (;;) {
      const k = this.#table[slot] as number
      if (k < 0 || this.is(k, bytes, start)) return k
      slot = (slot + 1) & mask
    }
  }

  is(k: number, bytes: Uint8Array, start: number): boolean {
    const name = this.names[k] as Buffer
    const { length } = name
    for (let i = 0; i < length; i++) if (name[i] !== bytes[start + i]) return false
    return bytes[start + length] === 0
  }
}
