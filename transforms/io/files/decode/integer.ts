/** int32, int64 and bigint from digits: signs, surrounding spaces and a fraction of zeros (`17850.0`) are fine. */
import type { Column } from '../../../../engine/data/column.ts'
import { type Fields, isNull, NULL } from '../fields.ts'
import type { Clock, Left } from './index.ts'
import { trimmed } from './text-of.ts'

/** As many surely fit int32, and a double. */
const DIGITS_INT32 = 9
const DIGITS_EXACT = 15

export function int32(f: Fields, k: number, column: Column, _clock: Clock, left: Left): void {
  const { bytes, at, rows } = f
  const values = column.values as Int32Array
  const { valid } = column
  const step = f.stride * 2
  const count = left === null ? rows : left.length
  for (let j = 0; j < count; j++) {
    const row = left === null ? j : (left[j] as number)
    const p = 2 * k + row * step
    const end = at[p + 1] as number
    if (valid !== null) valid[row] = end === NULL ? 0 : 1
    const value = digits(bytes, at[p] as number, end, DIGITS_INT32)
    values[row] = value === value ? value : slow32(f, row, p)
  }
}

/** The whole number of bytes start..end; NaN where it is not just that, or has more digits. */
function digits(bytes: Uint8Array, start: number, end: number, digitsMax: number): number {
  let i = start
  let value = 0
  let c = bytes[i] as number
  const negative = c === 45
  if (negative) c = bytes[++i] as number
  // Too long, an empty field, escapes, a null.
  if (end - i > digitsMax || end <= i) return Number.NaN
  for (;;) {
    c -= 48
    if (c >>> 0 > 9) return Number.NaN
    value = value * 10 + c
    if (++i === end) return negative ? 0 - value : value
    c = bytes[i] as number
  }
}

function slow32(f: Fields, row: number, p: number): number {
  const value = whole(f, row, p)
  if ((value | 0) === value) return value | 0
  if (value === value) f.refuse(row, 'out of range')
  return 0
}

export function int64(f: Fields, k: number, column: Column, _clock: Clock, left: Left): void {
  const { bytes, at, rows } = f
  const values = column.values as Float64Array
  const { valid } = column
  const step = f.stride * 2
  const count = left === null ? rows : left.length
  for (let j = 0; j < count; j++) {
    const row = left === null ? j : (left[j] as number)
    const p = 2 * k + row * step
    const end = at[p + 1] as number
    if (valid !== null) valid[row] = end === NULL ? 0 : 1
    const value = digits(bytes, at[p] as number, end, DIGITS_EXACT)
    values[row] = value === value ? value : slow64(f, row, p)
  }
}

function slow64(f: Fields, row: number, p: number): number {
  const value = whole(f, row, p)
  if (Number.isSafeInteger(value)) return value + 0
  if (value === value) f.refuse(row, 'past 2^53')
  return 0
}

export function bigint(f: Fields, k: number, column: Column): void {
  const { at, rows } = f
  const values = column.values as BigInt64Array
  const { valid } = column
  const step = f.stride * 2
  for (let row = 0, p = k * 2; row < rows; row++, p += step) {
    values[row] = 0n
    const none = isNull(at[p + 1] as number)
    if (valid !== null) valid[row] = none ? 0 : 1
    if (none) continue
    const digits = wholeText(trimmed(f, p))
    if (digits === null) f.refuse(row, '')
    else if (digits.length > 40 || BigInt.asIntN(64, BigInt(digits)) !== BigInt(digits))
      f.refuse(row, 'out of range')
    else values[row] = BigInt(digits)
  }
}

/** A whole number as a double, beyond 2^53 rounded; NaN and a refusal where it is none; null is 0. */
function whole(f: Fields, row: number, p: number): number {
  if (isNull(f.at[p + 1] as number)) return 0
  const digits = wholeText(trimmed(f, p))
  if (digits === null) f.refuse(row, '')
  return digits === null ? Number.NaN : Number(digits)
}

/** The digits with a minus where there is one; null where the text is no whole number. */
export function wholeText(text: string): string | null {
  const found = /^([+-]?)(\d+)(?:\.0*)?$/.exec(text)
  return found === null ? null : (found[1] === '-' ? '-' : '') + (found[2] as string)
}
