/**
 * Finds the values of one JSON object (RFC 8259): a walk over its bytes that leaves where each
 * column's value lies. What it takes is what JSON.parse takes. Of a key that is there twice the last
 * one counts, as with JSON.parse; a missing key is null.
 */
import type { AnySchema } from '../../../engine/data/schema.ts'
import { type Bytes, NULL } from '../files/fields.ts'
import { Keys } from '../files/keys.ts'

const EACH = 0x01010101
const TOPS = 0x80808080
const QUOTE = 34
const COMMA = 44
const MINUS = 45
const COLON = 58
const BACKSLASH = 92
const OPEN = 123
const CLOSE = 125

export class ObjectWalk {
  readonly #keys: Keys
  /** Column of the nth key of the last object: the next one most often has the same. */
  readonly #order: number[] = []
  /** True where a line break is white space: not in NDJSON. */
  readonly #breaks: boolean
  readonly #nestingMax: number
  #bytes: Bytes
  #view: DataView
  /** True where the string last walked has escapes. */
  #escaped = false
  /** Where the last walk failed. */
  failedAt = 0
  /** Why, where it was for depth; else ''. */
  deep = ''

  constructor(
    schema: AnySchema,
    o: { breaks: boolean; bytes: Bytes; view: DataView; nestingMax: number },
  ) {
    this.#nestingMax = o.nestingMax
    this.#keys = new Keys(schema)
    this.#breaks = o.breaks
    this.#bytes = o.bytes
    this.#view = o.view
  }

  over(bytes: Bytes, view: DataView): void {
    this.#bytes = bytes
    this.#view = view
  }

  /** Walks the object at i; its values' places go to at[base …]. Answers the byte after it, -1: it is none. */
  object(i: number, at: Int32Array, base: number): number {
    const bytes = this.#bytes
    const keys = this.#keys
    const order = this.#order
    this.deep = ''
    for (let k = 0, p = base; k < keys.names.length; k++, p += 2) {
      at[p] = 0
      at[p + 1] = NULL
    }
    if (bytes[i] !== OPEN) return this.#fail(i)
    i = this.#space(i + 1)
    if (bytes[i] === CLOSE) return i + 1
    for (let n = 0; ; n++) {
      if (bytes[i] !== QUOTE) return this.#fail(i)
      const start = i + 1
      const end = this.#string(start)
      if (end < 0) return -1
      let k = order[n] ?? -1
      if (this.#escaped) k = keys.findEscaped(bytes, start, end)
      else if (k < 0 || !keys.is(k, bytes, start, end)) {
        k = keys.find(bytes, start, end)
        if (n < 10_000) order[n] = k
      }
      i = this.#space(end + 1)
      if (bytes[i] !== COLON) return this.#fail(i)
      i = this.#space(i + 1)
      const from = bytes[i] === QUOTE ? i + 1 : i
      i = this.#value(i)
      if (i < 0) return -1
      if (k >= 0) {
        at[base + 2 * k] = from
        at[base + 2 * k + 1] = this.#end(from, i)
      }
      i = this.#space(i)
      if (bytes[i] === CLOSE) return i + 1
      if (bytes[i] !== COMMA) return this.#fail(i)
      i = this.#space(i + 1)
    }
  }

  /** How a value that starts at `from` and is followed by byte i is noted. */
  #end(from: number, i: number): number {
    const bytes = this.#bytes
    if (bytes[from - 1] === QUOTE) return this.#escaped ? ~(i - 1) : i - 1
    return bytes[from] === 110 ? NULL : i
  }

  /** The byte after the value at i; -1 where there is none. */
  #value(i: number): number {
    const bytes = this.#bytes
    const c = bytes[i] as number
    if (c === QUOTE) {
      const end = this.#string(i + 1)
      return end < 0 ? -1 : end + 1
    }
    if (c === MINUS || (c - 48) >>> 0 <= 9) return this.#number(i)
    if (c === 116 && bytes[i + 1] === 114 && bytes[i + 2] === 117 && bytes[i + 3] === 101)
      return i + 4
    if (c === 110 && bytes[i + 1] === 117 && bytes[i + 2] === 108 && bytes[i + 3] === 108)
      return i + 4
    if (
      c === 102 &&
      bytes[i + 1] === 97 &&
      bytes[i + 2] === 108 &&
      bytes[i + 3] === 115 &&
      bytes[i + 4] === 101
    )
      return i + 5
    return c === OPEN || c === 91 ? this.nested(i) : this.#fail(i)
  }

  /** The closing quote of the string whose text starts at i. Notes whether it has escapes. */
  #string(i: number): number {
    const bytes = this.#bytes
    const view = this.#view
    this.#escaped = false
    for (;;) {
      const word = view.getInt32(i, true)
      const q = word ^ (QUOTE * EACH)
      const b = word ^ (BACKSLASH * EACH)
      // The third marks control characters: bytes below 32.
      const hit = (((q - EACH) & ~q) | ((b - EACH) & ~b) | ((word - 32 * EACH) & ~word)) & TOPS
      if (hit === 0) {
        i += 4
        continue
      }
      i += (31 - Math.clz32(hit & -hit)) >> 3
      const c = bytes[i] as number
      if (c === QUOTE) return i
      if (c !== BACKSLASH) {
        if (c < 32) return this.#fail(i)
        i++
        continue
      }
      this.#escaped = true
      const next = this.#escape(i)
      if (next < 0) return -1
      i = next
    }
  }

  #escape(i: number): number {
    const bytes = this.#bytes
    const c = bytes[i + 1] as number
    if (c !== 117) return ESCAPES.includes(c) ? i + 2 : this.#fail(i + 1)
    for (let n = 2; n < 6; n++) if (!isHex(bytes[i + n] as number)) return this.#fail(i + n)
    return i + 6
  }

  #number(i: number): number {
    const bytes = this.#bytes
    if (bytes[i] === MINUS) i++
    const from = i
    i = this.#digits(i)
    if (i === from || (bytes[from] === 48 && i > from + 1)) return this.#fail(i)
    if (bytes[i] === 46) {
      const point = i + 1
      i = this.#digits(point)
      if (i === point) return this.#fail(i)
    }
    if (((bytes[i] as number) | 32) === 101) {
      i++
      if (bytes[i] === 43 || bytes[i] === MINUS) i++
      const exponent = i
      i = this.#digits(exponent)
      if (i === exponent) return this.#fail(i)
    }
    return i
  }

  #digits(i: number): number {
    const bytes = this.#bytes
    while (((bytes[i] as number) - 48) >>> 0 <= 9) i++
    return i
  }

  /** The byte after the list or object at i, which no column takes apart: its inside is left to JSON.parse. */
  nested(start: number): number {
    const bytes = this.#bytes
    let depth = 0
    let i = start
    for (;;) {
      const c = bytes[i] as number
      if (c === QUOTE) {
        i = this.#string(i + 1)
        if (i < 0) return -1
      } else if (c === OPEN || c === 91) {
        if (++depth > this.#nestingMax) {
          this.deep = `nested more deeply than ${this.#nestingMax}`
          return this.#fail(i)
        }
      } else if (c === CLOSE || c === 93) {
        if (--depth === 0) break
      } else if (c < 32 && this.#space(i) === i) return this.#fail(i)
      i++
    }
    try {
      JSON.parse(bytes.utf8Slice(start, i + 1))
      return i + 1
    } catch {
      return this.#fail(start)
    }
  }

  /** The byte after a value of any kind. */
  any(i: number): number {
    return this.#value(i)
  }

  #space(i: number): number {
    const bytes = this.#bytes
    for (;;) {
      const c = bytes[i] as number
      if (c > 32) return i
      if (c !== 32 && c !== 9 && c !== 13 && (c !== 10 || !this.#breaks || i >= this.limit))
        return i
      i++
    }
  }

  /** Where the bytes end: a line break there is the sentinel. */
  limit = 0

  #fail(i: number): number {
    this.failedAt = i
    return -1
  }
}

const ESCAPES = Array.from('"\\/bfnrt', c => c.charCodeAt(0))
const isHex = (c: number): boolean => (c - 48) >>> 0 <= 9 || ((c | 32) - 97) >>> 0 <= 5
