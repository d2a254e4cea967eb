/**
 * A dictionary of text that all threads share, behind the pages of the arena: rows of a text column
 * cross an exchange as its codes, and no block between threads carries entries. Without it each block
 * carried those that it uses, nearly as many as rows where a column has thousands of values, and each
 * reader looked them all up again: a fifth of the time of a run that keeps most of its rows.
 *
 * Entries are added under a lock and never change, so whoever was told of a code reads it without
 * one. What does not fit (entries, or bytes of all dictionaries together) is refused, and the rows
 * then cross with entries of their own. Codes follow the order in which threads were faster: nothing
 * that reaches a file may depend on them.
 *
 * | word of a dictionary      | meaning                                              |
 * |---------------------------|------------------------------------------------------|
 * | 0                         | lock                                                 |
 * | 1                         | entries                                              |
 * | 2                         | slots of the index, a power of two                   |
 * | 3                         | bytes counted against what all dictionaries may take |
 * | 16 …                      | hash of each entry, E words                          |
 * | 16 + E …                  | offset of each entry, and the end, E + 1 words       |
 * | 17 + 2 E …                | index: one of s slots starts at its word s           |
 * | behind the largest index  | the entries' text, 24 E bytes                        |
 *
 * An index that is full is left for one four times as large behind it, or the largest: all of which the
 * system backs by memory only as it is touched.
 */
import { Pool } from '../../data/pool.ts'
import { type Holder, SharedLock } from './lock.ts'

const [LOCK, COUNT, SLOTS, COUNTED] = [0, 1, 2, 3]
const HEAD = 16
const FIRST_SLOTS = 256
const TEXT_BYTES_PER_ENTRY = 24
/** An index that holds `count` codes takes two words each at least; then there are hash and offset. */
const BYTES_PER_ENTRY = 16
const COUNTED_STEP = 64 << 10

/** Words of the largest index, and of those before it: at most half of the slots are in use. */
const indexWords = (entries: number): number =>
  2 * Math.max(FIRST_SLOTS, 2 ** Math.ceil(Math.log2(2 * entries)))

/** Bytes of address space that a dictionary of `entries` takes. */
export const dictionaryBytes = (entries: number): number =>
  4 * (HEAD + 1 + 2 * entries + indexWords(entries)) + TEXT_BYTES_PER_ENTRY * entries + 8

/** Answers whether all dictionaries together may take so many bytes more. */
type Allow = (bytes: number) => boolean

export class Dictionary {
  /** Unique, and only read: `add` makes its entries. */
  readonly pool: Pool
  readonly #entriesMax: number
  readonly #words: Int32Array
  readonly #hashes: Int32Array
  readonly #offsets: Int32Array
  readonly #index: Int32Array
  readonly #bytes: Buffer
  readonly #lock: SharedLock
  readonly #allow: Allow

  /** The dictionary at `offset` of the buffer, which holds zeros where it is new. */
  constructor(
    at: {
      id: number
      buffer: SharedArrayBuffer
      offset: number
      entriesMax: number
      holder: Holder
    },
    allow: Allow,
  ) {
    const { buffer, offset, entriesMax } = at
    const words = (first: number, count: number) =>
      new Int32Array(buffer, offset + 4 * first, count)
    this.#words = words(0, HEAD)
    this.#hashes = words(HEAD, entriesMax)
    this.#offsets = words(HEAD + entriesMax, entriesMax + 1)
    this.#index = words(HEAD + 1 + 2 * entriesMax, indexWords(entriesMax))
    const text = this.#index.byteOffset + this.#index.byteLength
    this.#bytes = Buffer.from(buffer, text, TEXT_BYTES_PER_ENTRY * entriesMax + 8)
    this.#entriesMax = entriesMax
    this.#lock = new SharedLock(this.#words, LOCK, {
      name: 'a dictionary',
      holder: at.holder,
    })
    this.#allow = allow
    this.pool = Pool.shared(at.id, this.#bytes, this.#offsets, this.#hashes)
  }

  /** Lets the pool know of the entries that other threads have added. */
  refresh(): Pool {
    const { pool } = this
    const count = Atomics.load(this.#words, COUNT)
    pool.count = count
    pool.size = this.#offsets[count] as number
    return pool
  }

  /** The code of an entry of another pool, added where it is new; -1 where there is no room for it. */
  add(source: Pool, code: number): number {
    const from = source.offsets[code] as number
    const to = source.offsets[code + 1] as number
    const hash = source.hashOf(code)
    this.#lock.acquire()
    try {
      return this.#find(source.bytes, from, to, hash)
    } finally {
      this.#lock.release()
    }
  }

  /** Takes the lock from an owner whose thread has ended: half an entry of it does not count. */
  unlock(owner: number): void {
    if (this.#lock.heldBy(owner)) this.#lock.release()
  }

  #find(source: Uint8Array, from: number, to: number, hash: number): number {
    const words = this.#words
    if (words[SLOTS] === 0) words[SLOTS] = FIRST_SLOTS
    const slots = words[SLOTS] as number
    const index = this.#index
    const hashes = this.#hashes
    const count = words[COUNT] as number
    let slot = (hash ^ (hash >>> 15)) & (slots - 1)
    for (;;) {
      const code = (index[slots + slot] as number) - 1
      if (code < 0) break
      // The last one may be half an entry, of a thread that died: it is written anew.
      if (code < count && hashes[code] === hash && this.#same(code, source, from, to)) return code
      slot = (slot + 1) & (slots - 1)
    }
    if (!this.#hasRoom(to - from)) return -1
    const code = count
    const at = this.#offsets[code] as number
    const bytes = this.#bytes
    for (let i = from, o = at; i < to; ) bytes[o++] = source[i++] as number
    this.#offsets[code + 1] = at + to - from
    hashes[code] = hash
    index[slots + slot] = code + 1
    Atomics.store(words, COUNT, code + 1)
    if ((code + 1) * 2 > slots) this.#rehash()
    return code
  }

  #same(code: number, source: Uint8Array, from: number, to: number): boolean {
    const bytes = this.#bytes
    const at = this.#offsets[code] as number
    const length = to - from
    if ((this.#offsets[code + 1] as number) - at !== length) return false
    let i = 0
    while (i < length && bytes[at + i] === source[from + i]) i++
    return i === length
  }

  #hasRoom(length: number): boolean {
    const words = this.#words
    const count = words[COUNT] as number
    const size = this.#offsets[count] as number
    if (count === this.#entriesMax) return false
    if (size + length > TEXT_BYTES_PER_ENTRY * this.#entriesMax) return false
    const needed = count * BYTES_PER_ENTRY + size + length
    while (needed > (words[COUNTED] as number)) {
      if (!this.#allow(COUNTED_STEP)) return false
      words[COUNTED] = (words[COUNTED] as number) + COUNTED_STEP
    }
    return true
  }

  /** Places all codes in a larger index. */
  #rehash(): void {
    const words = this.#words
    const count = words[COUNT] as number
    const index = this.#index
    const slots = Math.min(4 * (words[SLOTS] as number), index.length / 2)
    const hashes = this.#hashes
    for (let code = 0; code < count; code++) {
      const hash = hashes[code] as number
      let slot = (hash ^ (hash >>> 15)) & (slots - 1)
      while ((index[slots + slot] as number) > 0) slot = (slot + 1) & (slots - 1)
      index[slots + slot] = code + 1
    }
    words[SLOTS] = slots
  }
}
