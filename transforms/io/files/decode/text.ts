/**
 * utf8: each field becomes a code into a pool. With a dictionary (a unique pool) a field is first
 * looked for in a small cache, by its length and two of its four-byte words, which spares the hash of
 * most values; a hit is always compared byte by byte. Without one the bytes are appended, a code a row.
 */
import type { Column } from '../../../../engine/data/column.ts'
import type { Pool } from '../../../../engine/data/pool.ts'
import { hashBytes } from '../../../../engine/data/pool.ts'
import type { Fields } from '../fields.ts'

/** Codes lately met, by a cheap key. Belongs to one unique pool. */
export class Recent {
  readonly codes: Int32Array
  readonly #empty = Buffer.alloc(0)
  /** Whether rows often have the value of the row before, as those of the last batch told. */
  repeats = false
  #pool: Pool | null = null
  #bytes: Buffer = this.#empty
  #view: DataView = new DataView(new ArrayBuffer(0))

  /** `slots`: a power of two. */
  constructor(slots: number) {
    this.codes = new Int32Array(slots).fill(-1)
  }

  /** The pool's bytes as words, four to be read past the last entry at most. */
  viewOf(pool: Pool): DataView {
    if (this.#pool !== pool) this.codes.fill(-1)
    if (this.#bytes !== pool.bytes) {
      const { buffer, byteOffset, byteLength } = pool.bytes
      this.#view = new DataView(buffer, byteOffset, byteLength)
    }
    this.#pool = pool
    this.#bytes = pool.bytes
    return this.#view
  }
}

export function interned(f: Fields, k: number, column: Column, recent: Recent): void {
  const { bytes, at, rows } = f
  const values = column.values as Int32Array
  const { valid } = column
  const pool = column.pool as Pool
  const { codes } = recent
  const { view } = f
  const mask = codes.length - 1
  const step = f.stride * 2
  let held = recent.viewOf(pool)
  const { repeats } = recent
  let lastStart = 0
  let lastLength = -1
  let heldBytes = pool.bytes
  let { offsets } = pool
  for (let row = 0, p = k * 2; row < rows; row++, p += step) {
    const start = at[p] as number
    const end = at[p + 1] as number
    if (end < 0) {
      const none = end === -2147483648
      if (valid !== null) valid[row] = none ? 0 : 1
      values[row] = none ? 0 : pool.intern(f.plain, 0, f.unescape(start, ~end))
      lastLength = -1
      continue
    }
    if (valid !== null) valid[row] = 1
    const length = end - start
    if (repeats && length === lastLength && length >= 4) {
      const back = lastStart - start
      let j = end - 4
      while (j >= start && view.getInt32(j, true) === view.getInt32(j + back, true)) j -= 4
      if (j < start && view.getInt32(start, true) === view.getInt32(lastStart, true)) {
        values[row] = values[row - 1] as number
        lastStart = start
        continue
      }
    }
    lastStart = start
    lastLength = length
    let key = length
    if (length >= 4) {
      const first = view.getInt32(start, true)
      const last = view.getInt32(end - 4, true)
      const middle = view.getInt32(start + (length >>> 1) - 2, true)
      key ^= first ^ Math.imul(last, 0x9e3779b1) ^ Math.imul(middle, 0x85ebca6b)
    } else for (let i = start; i < end; i++) key = (key << 8) ^ (bytes[i] as number)
    key = Math.imul(key ^ (key >>> 15), 0x2c1b3c6d)
    const slot = (key ^ (key >>> 13)) & mask
    let code = codes[slot] as number
    if (code >= 0) {
      const from = offsets[code] as number
      if ((offsets[code + 1] as number) - from === length) {
        let i = 0
        while (i + 4 <= length && held.getInt32(from + i, true) === view.getInt32(start + i, true))
          i += 4
        // The last word of four or more bytes may overlap one that was compared.
        if (length >= 4) {
          if (
            i + 4 > length &&
            held.getInt32(from + length - 4, true) === view.getInt32(end - 4, true)
          ) {
            values[row] = code
            continue
          }
        } else {
          while (i < length && heldBytes[from + i] === bytes[start + i]) i++
          if (i === length) {
            values[row] = code
            continue
          }
        }
      }
    }
    code = pool.internHashed(bytes, start, end, hashBytes(bytes, start, end))
    codes[slot] = code
    if (pool.bytes !== heldBytes || pool.offsets !== offsets) {
      heldBytes = pool.bytes
      offsets = pool.offsets
      held = recent.viewOf(pool)
    }
    values[row] = code
  }
  recent.repeats = repeated(values, rows)
}

/** Whether a quarter of the first rows have the code of the row before. */
function repeated(codes: Int32Array, rows: number): boolean {
  const sample = Math.min(rows, 512)
  let equal = 0
  for (let row = 1; row < sample; row++) if (codes[row] === codes[row - 1]) equal++
  return equal * 4 > sample
}

export function appended(f: Fields, k: number, column: Column): void {
  const { bytes, at, rows } = f
  const values = column.values as Int32Array
  const { valid } = column
  const pool = column.pool as Pool
  const step = f.stride * 2
  for (let row = 0, p = k * 2; row < rows; row++, p += step) {
    const start = at[p] as number
    const end = at[p + 1] as number
    const none = end === -2147483648
    if (valid !== null) valid[row] = none ? 0 : 1
    if (end >= 0) values[row] = pool.append(bytes, start, end)
    else values[row] = none ? 0 : pool.append(f.plain, 0, f.unescape(start, ~end))
  }
}
