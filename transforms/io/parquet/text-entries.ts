/**
 * The entries of a text chunk's dictionary, numbered by first appearance. While all batches have the one
 * dictionary that threads share, whose entries never change, they are a list of its codes: no text is
 * looked up or copied. Otherwise they are a pool of their own. Numbers and texts are the same.
 */
import { Pool } from '../../../engine/data/pool.ts'
import type { Bytes } from './bytes.ts'
import { appendPlain } from './text-gather.ts'

const BYTES_MAX = 4 << 20
const COUNT_MAX = 1 << 18

/** What `gatherShared` answers beside the row that it came to: entries, and bytes of their text. */
const state = new Int32Array(2)

export class TextEntries {
  count = 0
  /** Bytes of their text. */
  size = 0
  /** Entry e is that of `pool` at order[e], or at e where there is no order. */
  pool: Pool
  order: Int32Array | null = null
  readonly #own = new Pool(true, 64)
  #orders = new Int32Array(0)

  constructor() {
    this.pool = this.#own
  }

  get heldBytes(): number {
    return this.#own.heldBytes + this.#orders.byteLength
  }

  /** No further entry may be added. */
  get full(): boolean {
    return this.size > BYTES_MAX || this.count > COUNT_MAX
  }

  /** Codes of `pool` will come. True where they go to `gather`, false where each goes to `add`. */
  meet(pool: Pool): boolean {
    if (this.count === 0 && pool.dictionary >= 0) {
      this.pool = pool
      this.order = this.#orders
    } else if (this.order !== null && pool !== this.pool) this.#leave()
    return this.order !== null
  }

  /**
   * Numbers codes of the shared dictionary, new ones too; stops behind the one that fills the
   * dictionary, and answers where. `map` has the number of each code, -1 where it has none.
   */
  gather(
    values: Int32Array,
    rows: Int32Array | null,
    { from, to, map, into, at }: { from: number; to: number; map: Int32Array } & Into,
  ): number {
    const { offsets } = this.pool
    if (this.#orders.length < this.count + to - from) {
      const grown = new Int32Array(Math.max(2 * this.#orders.length, this.count + to - from))
      grown.set(this.#orders.subarray(0, this.count))
      this.#orders = this.order = grown
    }
    state[0] = this.count
    state[1] = this.size
    const reached = gatherShared(values, rows, from, to, map, offsets, this.#orders, into, at)
    this.count = state[0]
    this.size = state[1]
    return reached
  }

  /** The number of an entry of another pool. */
  add(pool: Pool, code: number): number {
    const own = this.#own
    const [start, end] = [pool.offsets[code] as number, pool.offsets[code + 1] as number]
    const number = own.internHashed(pool.bytes, start, end, pool.hashOf(code))
    this.count = own.count
    this.size = own.size
    return number
  }

  /** Appends texts as PLAIN has them: of the first `count` of `codes`, or of all entries before `count`. */
  append(into: Bytes, count: number, codes: Int32Array | null = null): void {
    const { order } = this
    const { bytes, offsets } = this.pool
    for (let i = 0; i < count; i++) {
      const code = codes === null ? i : (codes[i] as number)
      const e = order === null ? code : (order[code] as number)
      appendPlain(into, bytes, offsets[e] as number, offsets[e + 1] as number)
    }
  }

  /** Another pool came: the entries so far become its like. */
  #leave(): void {
    const { pool, count, order } = this
    this.pool = this.#own
    this.order = null
    for (let e = 0; e < count; e++) this.add(pool, (order as Int32Array)[e] as number)
  }

  clear(): void {
    this.#own.clear()
    this.pool = this.#own
    this.order = null
    this.count = 0
    this.size = 0
  }
}

interface Into {
  readonly into: Int32Array
  readonly at: number
}

function gatherShared(
  values: Int32Array,
  rows: Int32Array | null,
  from: number,
  to: number,
  map: Int32Array,
  offsets: Int32Array,
  order: Int32Array,
  into: Int32Array,
  at: number,
): number {
  let count = state[0] as number
  let size = state[1] as number
  let k = from
  for (let o = at; k < to; k++) {
    const code = values[rows === null ? k : (rows[k] as number)] as number
    let number = map[code] as number
    if (number < 0) {
      number = count++
      map[code] = number
      order[number] = code
      size += (offsets[code + 1] as number) - (offsets[code] as number)
      if (size > BYTES_MAX || count > COUNT_MAX) {
        into[o] = number
        k++
        break
      }
    }
    into[o++] = number
  }
  state[0] = count
  state[1] = size
  return k
}
