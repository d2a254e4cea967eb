/**
 * The text of one stored column: a pool of its own, and maps from the codes of the batches' pools to
 * its codes, so that an entry of a block is looked up once a block, not once a row. A column whose
 * entries are mostly new stops looking them up: they are appended, and equal text may then have
 * several codes.
 */
import { Pool } from '../../data/pool.ts'

/** Entries after which a column may turn out to repeat too little for a dictionary to pay. */
const TRIAL_ENTRIES = 8192
/** An output's dictionary lasts across batches until it is this large. */
const ENTRIES_KEPT = 1 << 16
const BYTES_KEPT = 4 << 20

export class TextStore {
  pool = new Pool(true)
  /** Goes up when codes lose their meaning; maps made before are void. */
  generation = 0
  #asked = 0

  /** The own code of an entry of another pool. */
  add(source: Pool, code: number): number {
    const { pool } = this
    const from = source.offsets[code] as number
    const to = source.offsets[code + 1] as number
    if (!pool.unique) return pool.append(source.bytes, from, to)
    this.#asked++
    return pool.internHashed(source.bytes, from, to, source.hashOf(code))
  }

  /** Called between batches: decides whether entries go on being looked up. */
  settle(): void {
    const { pool } = this
    if (!pool.unique || pool.count < TRIAL_ENTRIES || pool.count * 2 <= this.#asked) return
    const plain = new Pool(false, 0)
    plain.bytes = pool.bytes
    plain.offsets = pool.offsets
    plain.count = pool.count
    plain.size = pool.size
    plain.strings = pool.strings
    this.pool = plain
  }

  /** For a store that was emptied: a dictionary that is not large stays. */
  reset(): void {
    const { pool } = this
    if (pool.unique && pool.count < ENTRIES_KEPT && pool.size < BYTES_KEPT) return
    this.generation++
    if (pool.unique || pool.heldBytes > 2 * BYTES_KEPT) this.pool = new Pool(pool.unique)
    else pool.clear()
  }

  /** Moves the entries that rows still use into a new pool: `codes` are the rows', in place. */
  compact(codes: Int32Array, valid: Uint8Array | null, rows: number): void {
    const old = this.pool
    const map = new Int32Array(old.count).fill(-1)
    this.pool = new Pool(old.unique)
    this.generation++
    for (let i = 0; i < rows; i++) {
      if (valid !== null && valid[i] === 0) continue
      const code = codes[i] as number
      if (map[code] === -1) map[code] = this.add(old, code)
      codes[i] = map[code] as number
    }
    this.#asked = this.pool.count
  }
}

/** From the codes of the pool at hand to those of a text store; -1 where not known yet. */
export class TextMap {
  codes = new Int32Array(0)
  #source: Pool | null = null
  #known = 0
  #generation = -1

  /** Starts a batch. A unique pool keeps its codes from batch to batch, others do not. */
  begin(source: Pool): Int32Array {
    if (source !== this.#source || !source.unique) this.#known = 0
    this.#source = source
    return this.#extend(source.count)
  }

  /** The map for the batch begun, emptied where the store's codes have changed since. */
  current(generation: number): Int32Array {
    if (generation === this.#generation) return this.codes
    this.#generation = generation
    this.#known = 0
    return this.#extend((this.#source as Pool).count)
  }

  #extend(count: number): Int32Array {
    if (this.codes.length < count) {
      const grown = new Int32Array(Math.max(256, count * 2))
      grown.set(this.codes.subarray(0, this.#known))
      this.codes = grown
    }
    if (this.#known < count) this.codes.fill(-1, this.#known, count)
    this.#known = count
    return this.codes
  }
}
