/**
 * Numbers and bools. What the column cannot hold exactly is refused, never rounded: a double with a
 * fraction in an int32, a long past 2^53 in an int64. Only floats take the nearest value, as it is
 * what they are.
 */
import type { Column } from '../../../../engine/data/column.ts'
import { TYPE } from '../bson/types.ts'
import { decimalText } from './decimal-text.ts'
import { absent, type Documents, OTHER_TYPE } from './fields.ts'

export function bool(f: Documents, k: number, column: Column): void {
  const { at, types, bytes, rows, stride } = f
  const { values, valid } = column
  for (let row = 0, s = k; row < rows; row++, s += stride) {
    const is = types[s] === TYPE.bool
    values[row] = is ? (bytes[at[2 * s] as number] as number) : 0
    if (is) {
      if (valid !== null) valid[row] = 1
    } else if (!absent(f, row, k, column)) f.refuse(row, OTHER_TYPE)
  }
}

export function int32(f: Documents, k: number, column: Column): void {
  const { at, types, view, rows, stride } = f
  const values = column.values as Int32Array
  const { valid } = column
  for (let row = 0, s = k; row < rows; row++, s += stride) {
    if (types[s] === TYPE.int) {
      values[row] = view.getInt32(at[2 * s] as number, true)
      if (valid !== null) valid[row] = 1
      continue
    }
    const value = whole(f, row, k, column)
    if ((value | 0) !== value) f.refuse(row, 'out of range')
    values[row] = value
  }
}

const HIGH = 2 ** 32
const SAFE = 2 ** 21

export function int64(f: Documents, k: number, column: Column): void {
  const { at, types, view, rows, stride } = f
  const values = column.values as Float64Array
  const { valid } = column
  for (let row = 0, s = k; row < rows; row++, s += stride) {
    const p = at[2 * s] as number
    const type = types[s]
    const high = type === TYPE.long ? view.getInt32(p + 4, true) : SAFE
    if (type === TYPE.int) values[row] = view.getInt32(p, true)
    else if (high > -SAFE && high < SAFE) values[row] = high * HIGH + view.getUint32(p, true)
    else {
      const value = whole(f, row, k, column)
      if (!Number.isSafeInteger(value)) f.refuse(row, 'past 2^53')
      values[row] = value
      continue
    }
    if (valid !== null) valid[row] = 1
  }
}

export function bigint(f: Documents, k: number, column: Column): void {
  const { at, types, view, rows, stride } = f
  const values = column.values as BigInt64Array
  for (let row = 0, s = k; row < rows; row++, s += stride) {
    const p = at[2 * s] as number
    values[row] = 0n
    if (absent(f, row, k, column)) continue
    if (types[s] === TYPE.long) values[row] = view.getBigInt64(p, true)
    else {
      const text = wholeText(f, s)
      if (text === null) f.refuse(row, OTHER_TYPE)
      else if (BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) f.refuse(row, 'out of range')
      else values[row] = BigInt(text)
    }
  }
}

export function float(f: Documents, k: number, column: Column): void {
  const { at, types, view, rows, stride } = f
  const values = column.values as Float64Array
  const { valid } = column
  for (let row = 0, s = k; row < rows; row++, s += stride) {
    const p = at[2 * s] as number
    const type = types[s]
    if (type === TYPE.double) values[row] = view.getFloat64(p, true)
    else if (type === TYPE.int) values[row] = view.getInt32(p, true)
    else {
      values[row] = 0
      if (absent(f, row, k, column)) continue
      if (type === TYPE.long) values[row] = exactLong(f, row, p)
      else if (type === TYPE.decimal) values[row] = Number(decimalText(view, p))
      else f.refuse(row, OTHER_TYPE)
      continue
    }
    if (valid !== null) valid[row] = 1
  }
}

function exactLong(f: Documents, row: number, p: number): number {
  const value = Number(f.view.getBigInt64(p, true))
  if (!Number.isSafeInteger(value)) f.refuse(row, 'past 2^53')
  return value
}

/** A whole number of whatever type, beyond 2^53 rounded; 0 and a refusal where it is none; 0 for null. */
function whole(f: Documents, row: number, k: number, column: Column): number {
  if (absent(f, row, k, column)) return 0
  const text = wholeText(f, row * f.stride + k)
  if (text === null) f.refuse(row, OTHER_TYPE)
  return text === null ? 0 : Number(text) + 0
}

/** The digits of slot s, which is a whole number; null where it is none. */
export function wholeText({ view, at, types }: Documents, s: number): string | null {
  const p = at[2 * s] as number
  const type = types[s]
  if (type === TYPE.int) return String(view.getInt32(p, true))
  if (type === TYPE.long) return String(view.getBigInt64(p, true))
  if (type === TYPE.double) {
    const value = view.getFloat64(p, true)
    return Number.isInteger(value) ? String(BigInt(value)) : null
  }
  if (type !== TYPE.decimal) return null
  const value = Number(decimalText(view, p))
  // A whole decimal of more digits than a double has is none of the kinds' here.
  return Number.isSafeInteger(value) && exactWhole(decimalText(view, p))
    ? String(BigInt(value))
    : null
}

/** Whether the decimal's text has no digits but zeros after its point, with its exponent in mind. */
function exactWhole(text: string): boolean {
  const [, digits = '', fraction = '', exponent = '0'] =
    /^-?(\d+)(?:\.(\d*))?(?:E([+-]?\d+))?$/.exec(text) ?? []
  const after = fraction.length - Number(exponent)
  return after <= 0 || /^0*$/.test((digits + fraction).slice(-after).padStart(1, '0'))
}
