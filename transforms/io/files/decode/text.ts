/**
 * utf8: each field becomes a code into a pool. With a dictionary (a unique pool) a field is first
 * looked for in a small cache, by its length and two of its four-byte words, which spares the hash of
 * most values; a hit is always compared byte by byte. Without one the bytes are appended, a code a row.
 */
import type { Column } from '../../../../engine/data/column.ts'
import type { Pool } from '../../../../engine/data/pool.ts'
import { hashBytes } from '../../../../engine/data/pool.ts'
import type { Bytes, Fields } from '../fields.ts'

const SLOTS = 4096

/** Codes lately met, by a cheap key. Belongs to one unique pool. */
export class Recent {
  pool: Pool | null = null
  readonly codes = new Int32Array(SLOTS).fill(-1)

  of(pool: Pool): Int32Array {
    if (this.pool !== pool) {
      this.pool = pool
      this.codes.fill(-1)
    }
    return this.codes
  }
}

export function interned(f: Fields, k: number, column: Column, recent: Recent): void {
  const { bytes, at, rows } = f
  const values = column.values as Int32Array
  const { valid } = column
  const pool = column.pool as Pool
  const codes = recent.of(pool)
  const step = f.stride * 2
  for (let row = 0, p = k * 2; row < rows; row++, p += step) {
    const start = at[p] as number
    const end = at[p + 1] as number
    if (end < 0) {
      const none = end === -2147483648
      if (valid !== null) valid[row] = none ? 0 : 1
      values[row] = none ? 0 : pool.intern(f.plain.bytes, 0, f.unescape(start, ~end))
      continue
    }
    if (valid !== null) valid[row] = 1
    values[row] = codeOf(bytes, start, end, pool, codes)
  }
}

function codeOf(bytes: Bytes, start: number, end: number, pool: Pool, codes: Int32Array): number {
  const length = end - start
  let key = length
  if (length >= 4) {
    const last = end - 4
    const middle = start + (length >>> 1) - 2
    key ^= word(bytes, start) ^ Math.imul(word(bytes, last), 0x9e3779b1) ^ Math.imul(word(bytes, middle), 0x85ebca6b)
  } else for (let i = start; i < end; i++) key = (key << 8) ^ (bytes[i] as number)
  key = Math.imul(key ^ (key >>> 15), 0x2c1b3c6d)
  const slot = (key ^ (key >>> 13)) & (SLOTS - 1)
  const known = codes[slot] as number
  if (known >= 0) {
    const from = pool.offsets[known] as number
    if ((pool.offsets[known + 1] as number) - from === length) {
      const held = pool.bytes
      let i = 0
      while (i < length && held[from + i] === bytes[start + i]) i++
      if (i === length) return known
    }
  }
  const code = pool.internHashed(bytes, start, end, hashBytes(bytes, start, end))
  codes[slot] = code
  return code
}

const word = (bytes: Bytes, i: number): number =>
  (bytes[i] as number) |
  ((bytes[i + 1] as number) << 8) |
  ((bytes[i + 2] as number) << 16) |
  ((bytes[i + 3] as number) << 24)

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
    else values[row] = none ? 0 : pool.append(f.plain.bytes, 0, f.unescape(start, ~end))
  }
}
