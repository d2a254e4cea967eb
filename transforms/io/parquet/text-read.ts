/**
 * Decodes pages of text and bytes to codes. A dictionary page is interned into a unique pool that
 * lives across row groups: work per entry, one lookup a row. Plain pages are interned too while a
 * sample says that values repeat; else each page becomes a pool of its own, offsets and bytes.
 */
import { isUtf8 } from 'node:buffer'
import { isJson, isJsonNull } from '../../../engine/data/json-text.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { Pool } from '../../../engine/data/pool.ts'
import { type Decoded, spread, spreadBytes } from './decoded.ts'
import { readIndices } from './dictionary-read.ts'
import { FLAW } from './flaws.ts'
import { ENCODING } from './format.ts'
import type { Leaf } from './leaf.ts'
import type { DataPage, DictionaryPage } from './page-read.ts'
import { compacted } from './json-compact.ts'
import { type Raw, readRaw } from './plain-read.ts'
import { Malformed } from './thrift-read.ts'
import type { PageDecoder } from './value-read.ts'

const SAMPLE = 2048
const POOL_BYTES_MAX = 16 << 20
const POOL_ENTRIES_MAX = 1 << 18

export class CodeDecoder implements PageDecoder {
  readonly #leaf: Leaf
  readonly #kind: Kind
  #pool = new Pool(true)
  /** A flaw for each of the pool's codes; none yet where it is short. */
  #flaws = new Uint8Array(256)
  #flawed = false
  #map: Int32Array | null = null
  /** Whether plain pages of this chunk are interned; null: not known yet. */
  #interns: boolean | null = null

  constructor(leaf: Leaf, kind: Kind) {
    this.#leaf = leaf
    this.#kind = kind
  }

  begin(): void {
    this.#map = null
    this.#interns = null
    if (this.#large) {
      this.#pool = new Pool(true)
      this.#flawed = false
    }
  }

  get #large(): boolean {
    return this.#pool.size > POOL_BYTES_MAX || this.#pool.count > POOL_ENTRIES_MAX
  }

  dictionary({ body, entries }: DictionaryPage): void {
    this.#map = this.#intern(this.#raw(ENCODING.PLAIN, body, entries))
  }

  decode(page: DataPage): Decoded {
    const found = this.#decode(page)
    return this.#kind.tag === 'json' ? nullsOfText(found) : found
  }

  #decode(page: DataPage): Decoded {
    const { rows, levels, nulls } = page
    const dense = this.#dense(page, rows - nulls)
    if (levels === null) return dense
    return {
      rows,
      values: spread(this.#kind, dense.values, levels, rows),
      valid: levels,
      flaws: dense.flaws && spreadBytes(dense.flaws, levels, rows),
      pool: dense.pool,
    }
  }

  #dense({ encoding, body }: DataPage, count: number): Decoded {
    if (encoding === ENCODING.RLE_DICTIONARY || encoding === ENCODING.PLAIN_DICTIONARY) {
      const map = this.#map
      if (map === null) throw new Malformed('a page has indices but no dictionary')
      const indices = readIndices(body, count, map.length)
      const values = new Int32Array(count)
      for (let i = 0; i < count; i++) values[i] = map[indices[i] as number] as number
      return this.#pooled(values)
    }
    const raw = this.#raw(encoding, body, count)
    this.#interns ??= repeats(raw)
    return this.#interns && !this.#large ? this.#pooled(this.#intern(raw)) : this.#apart(raw)
  }

  #raw(encoding: number, body: Uint8Array, count: number): Raw {
    const raw = readRaw(this.#leaf, encoding, body, count)
    return this.#kind.tag === 'json' ? compacted(raw) : raw
  }

  #pooled(values: Int32Array): Decoded {
    const flaws = this.#flawed ? Uint8Array.from(values, code => this.#flaws[code] as number) : null
    return { rows: values.length, values, valid: null, flaws, pool: this.#pool }
  }

  /** The pool's code of each value. */
  #intern({ bytes, starts, ends, count }: Raw): Int32Array {
    const pool = this.#pool
    const values = new Int32Array(count)
    for (let i = 0; i < count; i++) {
      const known = pool.count
      const code = pool.intern(bytes, starts[i] as number, ends[i] as number)
      values[i] = code
      if (code === known) this.#judge(code)
    }
    return values
  }

  #judge(code: number): void {
    if (code >= this.#flaws.length) {
      const grown = new Uint8Array(this.#flaws.length * 2)
      grown.set(this.#flaws)
      this.#flaws = grown
    }
    const flaw = this.#kind.tag === 'bytes' ? 0 : flawOf(this.#kind, this.#pool, code)
    this.#flaws[code] = flaw
    if (flaw !== 0) this.#flawed = true
  }

  /** The page's values as a pool that is not unique. */
  #apart({ bytes, starts, ends, count }: Raw): Decoded {
    const offsets = new Int32Array(count + 1)
    for (let i = 0; i < count; i++)
      offsets[i + 1] = (offsets[i] as number) + (ends[i] as number) - (starts[i] as number)
    const joined = Buffer.allocUnsafeSlow(offsets[count] as number)
    const values = new Int32Array(count)
    for (let i = 0; i < count; i++) {
      values[i] = i
      let o = offsets[i] as number
      const end = ends[i] as number
      if (end - (starts[i] as number) > 48) joined.set(bytes.subarray(starts[i], end), o)
      else for (let k = starts[i] as number; k < end; k++) joined[o++] = bytes[k] as number
    }
    const pool = Pool.over(joined, offsets, count)
    return { rows: count, values, valid: null, flaws: this.#flawsOf(pool), pool }
  }

  #flawsOf(pool: Pool): Uint8Array | null {
    const { tag, values } = this.#kind
    if (tag === 'bytes' || (tag === 'utf8' && values === null && wellFormed(pool))) return null
    const flaws = new Uint8Array(pool.count)
    for (let code = 0; code < pool.count; code++) flaws[code] = flawOf(this.#kind, pool, code)
    return flaws
  }
}

function flawOf(kind: Kind, pool: Pool, code: number): number {
  if (!isUtf8(pool.view(code))) return FLAW.utf8
  if (kind.tag === 'json') return jsonFlaw(pool.view(code))
  return kind.values === null || kind.values.includes(pool.string(code)) ? 0 : FLAW.set
}

/** Rows whose text is `null` as nulls. */
function nullsOfText(found: Decoded): Decoded {
  if (!found.flaws?.includes(FLAW.null)) return found
  const values = found.values.slice() as Int32Array
  const valid = found.valid?.slice() ?? new Uint8Array(found.rows).fill(1)
  const flaws = found.flaws.slice()
  for (let i = 0; i < found.rows; i++) {
    if (flaws[i] !== FLAW.null) continue
    values[i] = 0
    valid[i] = 0
    flaws[i] = 0
  }
  return { ...found, values, valid, flaws }
}

/** The text `null` is null, as in all formats: whether it may be is asked where rows are judged. */
function jsonFlaw(text: Uint8Array): number {
  if (isJsonNull(text, 0, text.length)) return FLAW.null
  return isJson(text) ? 0 : FLAW.json
}

/** Valid as a whole, and no entry begins within a character: then each is valid. */
function wellFormed({ bytes, offsets, count, size }: Pool): boolean {
  if (!isUtf8(bytes.subarray(0, size))) return false
  for (let i = 0; i < count; i++) {
    const at = offsets[i] as number
    if (at < size && ((bytes[at] as number) & 0xc0) === 0x80) return false
  }
  return true
}

/** Whether at most half of the first values are distinct. */
function repeats({ bytes, starts, ends, count }: Raw): boolean {
  const sampled = Math.min(SAMPLE, count)
  const seen = new Pool(true)
  for (let i = 0; i < sampled; i++) seen.intern(bytes, starts[i] as number, ends[i] as number)
  return seen.count * 2 <= sampled
}
