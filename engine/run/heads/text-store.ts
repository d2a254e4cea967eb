/**
 * The text of one stored column: a pool of its own, and maps from the codes of the batches' pools to
 * its codes, so that an entry of a block is looked up once a block, not once a row. A column whose
 * entries are mostly new stops looking them up: they are appended, and equal text may then have
 * several codes. A store that `adopts` needs no pool of its own while all rows come with one and the
 * same dictionary that threads share: it keeps their codes.
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
  readonly #adopts: boolean
  #asked = 0

  constructor(adopts = false) {
    this.#adopts = adopts
  }

  /** Rows with codes of `source` will come, behind the `rows` whose codes are given. */
  meet(source: Pool, codes: Int32Array, valid: Uint8Array | null, rows: number): void {
    if (!this.#adopts || source === this.pool) return
    if (rows === 0 && source.dictionary >= 0) {
      this.pool = source
      this.generation++
    } else if (this.pool.dictionary >= 0) this.#move(codes, valid, rows)
  }

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
    if (pool.dictionary >= 0) return
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
    if (pool.dictionary >= 0) return
    if (pool.unique && pool.count < ENTRIES_KEPT && pool.size < BYTES_KEPT) return
    this.generation++
    if (pool.unique || pool.heldBytes > 2 * BYTES_KEPT) this.pool = new Pool(pool.unique)
    else pool.clear()
  }

  /** Moves the entries that rows still use into a new pool: `codes` are the rows', in place. */
  compact(codes: Int32Array, valid: Uint8Array | null, rows: number): void {
    if (this.pool.dictionary < 0) this.#move(codes, valid, rows)
  }

  #move(codes: Int32Array, valid: Uint8Array | null, rows: number): void {
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

/** Codes that are the same in both pools: thread-wide, as long as the largest dictionary. */
let same = new Int32Array(0)

/** The map of a pool to itself. */
export function identity(count: number): Int32Array {
  if (same.length < count) {
    same = new Int32Array(count * 2)
    for (let code = 0; code < same.length; code++) same[code] = code
  }
  return same
}

/** What is known of one pool's codes. */
interface Known {
  codes: Int32Array
  source: Pool | null
  count: number
  generation: number
}

const nothingKnown = (): Known => ({
  codes: new Int32Array(0),
  source: null,
  count: 0,
  generation: -1,
})

/** From the codes of the pool at hand to those of a text store; -1 where not known yet. */
export class TextMap {
  #known = nothingKnown()
  /** Of a dictionary that threads share, while blocks with other pools come between, or the reverse. */
  #other = nothingKnown()

  get codes(): Int32Array {
    return this.#known.codes
  }

  /** Starts a batch. A unique pool keeps its codes from batch to batch, others do not. */
  begin(source: Pool): Int32Array {
    const shared = source.dictionary >= 0
    const { source: last } = this.#known
    if (last !== null && last.dictionary >= 0 !== shared)
      [this.#known, this.#other] = [this.#other, this.#known]
    const known = this.#known
    if (source !== known.source || !source.unique) known.count = 0
    known.source = source
    return this.#extend(source.count)
  }

  /** The map for the batch begun, emptied where the store's codes have changed since. */
  current(generation: number): Int32Array {
    const known = this.#known
    if (generation === known.generation) return known.codes
    known.generation = generation
    known.count = 0
    return this.#extend((known.source as Pool).count)
  }

  #extend(count: number): Int32Array {
    const known = this.#known
    if (known.codes.length < count) {
      const grown = new Int32Array(Math.max(256, count * 2))
      grown.set(known.codes.subarray(0, known.count))
      known.codes = grown
    }
    if (known.count < count) known.codes.fill(-1, known.count, count)
    known.count = count
    return known.codes
  }
}
