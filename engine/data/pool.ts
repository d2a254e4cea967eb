/**
 * A pool: the distinct (or merely consecutive) byte strings that the codes of a utf8 or bytes column
 * point into. `unique` pools are dictionaries: equal strings have equal codes, each entry keeps its
 * hash, and a hash index answers `intern`. A pool that is not unique is plain offsets + bytes: used
 * where a column has too many distinct values for a dictionary to pay.
 *
 * Layout: entry c is bytes[offsets[c] .. offsets[c + 1]); offsets[0] is 0. A JS string is made once
 * per entry, when a lambda asks for it.
 */
import { grownSize } from './growth.ts'

const encoder = new TextEncoder()

/** Node's own method, which its types leave out: half the cost of toString for short strings. */
export type Utf8Buffer = Buffer & { utf8Slice(start: number, end: number): string }

export class Pool {
  readonly unique: boolean
  /** The exchange dictionary that this is (`run/exchange/dictionary.ts`), read-only; -1: none. */
  dictionary = -1
  count = 0
  /** Bytes used. */
  size = 0
  bytes: Buffer
  offsets: Int32Array
  hashes: Int32Array
  /** JS strings made so far; `undefined` where none was asked for yet. */
  strings: (string | undefined)[] = []
  #index: Int32Array
  #mask: number

  constructor(unique: boolean, entries = 256) {
    this.unique = unique
    this.bytes = Buffer.allocUnsafeSlow(entries * 16)
    this.offsets = new Int32Array(entries + 1)
    this.hashes = new Int32Array(unique ? entries : 0)
    this.#index = unique ? new Int32Array(entries * 2).fill(-1) : new Int32Array(0)
    this.#mask = this.#index.length - 1
  }

  /** A pool over existing arrays (a block, a Parquet dictionary page): read-only, not unique unless said. */
  static over(bytes: Uint8Array, offsets: Int32Array, count: number): Pool {
    const pool = new Pool(false, 0)
    pool.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    pool.offsets = offsets
    pool.count = count
    pool.size = offsets[count] as number
    return pool
  }

  /** A dictionary that threads share, over its arrays: unique, with hashes, read-only. */
  static shared(id: number, bytes: Buffer, offsets: Int32Array, hashes: Int32Array): Pool {
    const pool = new Pool(true, 0)
    pool.dictionary = id
    pool.bytes = bytes
    pool.offsets = offsets
    pool.hashes = hashes
    pool.#index = Int32Array.of(-1)
    pool.#mask = 0
    return pool
  }

  /** Forgets all entries; arrays are kept. */
  clear(): void {
    if (this.dictionary >= 0) throw readOnly()
    this.count = 0
    this.size = 0
    this.strings = []
    if (this.unique) this.#index.fill(-1)
  }

  /** An empty pool in this one's memory. No code of this one may be read any more. */
  renewed(): Pool {
    const pool = new Pool(this.unique, 0)
    pool.bytes = this.bytes
    pool.offsets = this.offsets
    pool.hashes = this.hashes
    pool.#index = this.#index.fill(-1)
    pool.#mask = this.#mask
    return pool
  }

  /** Bytes that this pool holds in memory, JS strings left out; what is shared is not its own. */
  get heldBytes(): number {
    if (this.dictionary >= 0) return 0
    return this.bytes.length + 4 * (this.offsets.length + this.hashes.length + this.#index.length)
  }

  /** The code of source[start..end), added where it is new. Only for unique pools. */
  intern(source: Uint8Array, start: number, end: number): number {
    return this.internHashed(source, start, end, hashBytes(source, start, end))
  }

  /** As `intern`, where the caller knows the hash (`hashBytes` of the same bytes). */
  internHashed(source: Uint8Array, start: number, end: number, hash: number): number {
    const length = end - start
    const { hashes, offsets, bytes } = this
    const index = this.#index
    const mask = this.#mask
    let slot = (hash ^ (hash >>> 15)) & mask
    for (;;) {
      const code = index[slot] as number
      if (code < 0) break
      if (hashes[code] === hash) {
        const at = offsets[code] as number
        if ((offsets[code + 1] as number) - at === length) {
          let i = 0
          while (i < length && bytes[at + i] === source[start + i]) i++
          if (i === length) return code
        }
      }
      slot = (slot + 1) & mask
    }
    const code = this.append(source, start, end)
    this.hashes[code] = hash
    index[slot] = code
    if (this.count * 2 > mask) this.#rehash(index.length * 4)
    return code
  }

  /**
   * Interns the first `source.count` entries of another pool: their codes here go to `codes`. One
   * loop with room made before it: half the time of a call an entry. Only for unique pools.
   */
  internAll(source: Pool, codes: Int32Array): void {
    const { bytes, offsets, count } = source
    this.reserve(this.count + count, this.size + (offsets[count] as number))
    const known = source.unique ? source.hashes : null
    const { hashes, offsets: starts, bytes: own } = this
    const index = this.#index
    const mask = this.#mask
    let next = this.count
    let size = this.size
    for (let e = 0; e < count; e++) {
      const start = offsets[e] as number
      const end = offsets[e + 1] as number
      const hash = known === null ? hashBytes(bytes, start, end) : (known[e] as number)
      let slot = (hash ^ (hash >>> 15)) & mask
      let code = index[slot] as number
      while (
        code >= 0 &&
        (hashes[code] !== hash ||
          !sameBytes(own, starts[code] as number, starts[code + 1] as number, bytes, start, end))
      ) {
        slot = (slot + 1) & mask
        code = index[slot] as number
      }
      if (code < 0) {
        code = next++
        index[slot] = code
        hashes[code] = hash
        if (end - start < 64) for (let i = start; i < end; i++) own[size++] = bytes[i] as number
        else {
          own.set(bytes.subarray(start, end), size)
          size += end - start
        }
        starts[next] = size
      }
      codes[e] = code
    }
    this.count = next
    this.size = size
  }

  /** Makes room for so many entries and bytes in all, and in the index of unique pools. */
  reserve(entries: number, size: number): void {
    if (size > this.bytes.length) this.#growBytes(size)
    if (entries + 2 > this.offsets.length) this.#growEntries(entries + 2)
    let slots = this.#index.length
    while (this.unique && entries * 2 > slots) slots *= 2
    if (slots > this.#index.length) this.#rehash(slots)
  }

  /** Adds an entry without looking for an equal one. For pools that are not unique. */
  append(source: Uint8Array, start: number, end: number): number {
    const length = end - start
    if (this.dictionary >= 0) throw readOnly()
    if (this.size + length > this.bytes.length) this.#growBytes(this.size + length)
    if (this.count + 2 > this.offsets.length) this.#growEntries()
    const { bytes } = this
    let to = this.size
    if (length < 64) for (let i = start; i < end; i++) bytes[to++] = source[i] as number
    else {
      bytes.set(source.subarray(start, end), to)
      to += length
    }
    this.size = to
    this.offsets[++this.count] = to
    return this.count - 1
  }

  /** The code of a JS string. Invalid surrogates become U+FFFD, as UTF-8 has no place for them. */
  internString(text: string): number {
    const raw = encoder.encode(text)
    return this.unique ? this.intern(raw, 0, raw.length) : this.append(raw, 0, raw.length)
  }

  /** Hash of an entry; computed where the pool keeps none. */
  hashOf(code: number): number {
    return this.unique
      ? (this.hashes[code] as number)
      : hashBytes(this.bytes, this.offsets[code] as number, this.offsets[code + 1] as number)
  }

  /** The entry as a JS string, made once. */
  string(code: number): string {
    const known = this.strings[code]
    if (known !== undefined) return known
    // Far behind the end of an array V8 would turn it into a hash table.
    const { strings } = this
    if (code > strings.length) for (let c = strings.length; c < code; c++) strings.push(undefined)
    const bytes = this.bytes as Utf8Buffer
    const text = bytes.utf8Slice(this.offsets[code] as number, this.offsets[code + 1] as number)
    strings[code] = text
    return text
  }

  /** The entry's bytes: a view, valid until the pool grows or is cleared. */
  view(code: number): Uint8Array {
    return this.bytes.subarray(this.offsets[code], this.offsets[code + 1])
  }

  #growBytes(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(grownSize(needed, this.bytes.length), 1024))
    this.bytes.copy(grown, 0, 0, this.size)
    this.bytes = grown
  }

  #growEntries(needed = 16): void {
    const entries = Math.max(needed, this.offsets.length * 2)
    const offsets = new Int32Array(entries + 1)
    offsets.set(this.offsets)
    this.offsets = offsets
    if (!this.unique) return
    const hashes = new Int32Array(entries)
    hashes.set(this.hashes)
    this.hashes = hashes
  }

  #rehash(slots: number): void {
    const index = new Int32Array(slots).fill(-1)
    const mask = index.length - 1
    for (let code = 0; code < this.count; code++) {
      const hash = this.hashes[code] as number
      let slot = (hash ^ (hash >>> 15)) & mask
      while ((index[slot] as number) >= 0) slot = (slot + 1) & mask
      index[slot] = code
    }
    this.#index = index
    this.#mask = mask
  }
}

function sameBytes(
  a: Uint8Array,
  start: number,
  end: number,
  b: Uint8Array,
  at: number,
  until: number,
): boolean {
  if (end - start !== until - at) return false
  for (let i = start, k = at; i < end; i++, k++) if (a[i] !== b[k]) return false
  return true
}

const readOnly = () => new Error('a dictionary that threads share is read-only here')

/** FNV-1a over bytes, 32 bits. Scanners compute the same inline, byte by byte as they walk a field. */
export function hashBytes(source: Uint8Array, start: number, end: number): number {
  let hash = -2128831035
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (source[i] as number), 16777619)
  return hash
}
