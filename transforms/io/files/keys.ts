/** The keys of JSON objects, looked up by their bytes. */
import { hashBytes } from '../../../engine/data/pool.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { Bytes } from './fields.ts'

/** Which column a key names. */
export class Keys {
  readonly names: readonly Buffer[]
  readonly #byName: ReadonlyMap<string, number>
  readonly #slots: Int32Array
  readonly #mask: number

  constructor(schema: AnySchema) {
    this.names = schema.list.map(({ name }) => Buffer.from(name))
    this.#byName = new Map(schema.list.map(({ name }, k) => [name, k]))
    const size = 2 ** Math.ceil(Math.log2(this.names.length * 2 + 2))
    this.#slots = new Int32Array(size).fill(-1)
    this.#mask = size - 1
    this.names.forEach((name, k) => {
      let slot = hashBytes(name, 0, name.length) & this.#mask
      while ((this.#slots[slot] as number) >= 0) slot = (slot + 1) & this.#mask
      this.#slots[slot] = k
    })
  }

  /** The column of bytes[start..end), -1 where there is none. */
  find(bytes: Bytes, start: number, end: number): number {
    let slot = hashBytes(bytes, start, end) & this.#mask
    for (;;) {
      const k = this.#slots[slot] as number
      if (k < 0 || this.is(k, bytes, start, end)) return k
      slot = (slot + 1) & this.#mask
    }
  }

  is(k: number, bytes: Bytes, start: number, end: number): boolean {
    const name = this.names[k] as Buffer
    if (name.length !== end - start) return false
    let i = 0
    while (i < name.length && name[i] === bytes[start + i]) i++
    return i === name.length
  }

  /** The column of a key with escapes. */
  findEscaped(bytes: Bytes, start: number, end: number): number {
    const name = JSON.parse(`"${bytes.utf8Slice(start, end)}"`) as string
    return this.#byName.get(name) ?? -1
  }
}
