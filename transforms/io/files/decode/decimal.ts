/** Decimals as exact scaled integers. More fraction digits than the scale are refused, unless they are zeros. */
import type { Column } from '../../../../engine/data/column.ts'
import { isWide, type Kind } from '../../../../engine/data/kind.ts'
import { POW10, writeUnits } from '../../../../engine/data/value.ts'
import { type Fields, isNull } from '../fields.ts'
import type { Clock, Left } from './index.ts'
import { trimmed } from './text-of.ts'

export function decimal(f: Fields, k: number, column: Column, _clock: Clock, left: Left): void {
  if (isWide(column.kind)) wide(f, k, column)
  else narrow(f, k, column, left)
}

function narrow(f: Fields, k: number, column: Column, left: Left): void {
  const { bytes, at, rows } = f
  const values = column.values as Float64Array
  const { valid, kind } = column
  const { scale } = kind
  const limit = POW10[kind.precision] as number
  const step = f.stride * 2
  const count = left === null ? rows : left.length
  for (let j = 0; j < count; j++) {
    const row = left === null ? j : (left[j] as number)
    const p = 2 * k + row * step
    const end = at[p + 1] as number
    let i = at[p] as number
    if (valid !== null) valid[row] = end === -2147483648 ? 0 : 1
    let c = bytes[i] as number
    const negative = c === 45
    if (negative) c = bytes[++i] as number
    if (end - i > 15 || (c - 48) >>> 0 > 9 || end <= i) {
      values[row] = Number(slow(f, row, p, kind))
      continue
    }
    let value = 0
    let point = end - 1
    for (;;) {
      const digit = c - 48
      if (digit >>> 0 <= 9) value = value * 10 + digit
      else if (c === 46 && point === end - 1 && i < end - 1) point = i
      else break
      if (++i === end) break
      c = bytes[i] as number
    }
    const more = scale - (end - 1 - point)
    if (more > 0) value *= POW10[more] as number
    if (i !== end || more < 0 || value >= limit) values[row] = Number(slow(f, row, p, kind))
    else values[row] = negative ? 0 - value : value
  }
}

function wide(f: Fields, k: number, column: Column): void {
  const { at, rows } = f
  const { valid, kind } = column
  const step = f.stride * 2
  for (let row = 0, p = k * 2; row < rows; row++, p += step) {
    const none = isNull(at[p + 1] as number)
    if (valid !== null) valid[row] = none ? 0 : 1
    writeUnits(column, row, none ? 0n : slow(f, row, p, kind))
  }
}

function slow(f: Fields, row: number, p: number, kind: Kind): bigint {
  if (isNull(f.at[p + 1] as number)) return 0n
  const units = unitsOf(trimmed(f, p), kind)
  if (typeof units === 'bigint') return units
  f.refuse(row, units)
  return 0n
}

/** The units of a decimal text, or why there are none ('' where it is no number). */
export function unitsOf(text: string, { precision, scale }: Kind): bigint | string {
  const found = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/.exec(text)
  if (found === null) return ''
  const [, sign, before = '', after = '', exponent = '0'] = found
  let digits = (before + after).replace(/^0+/, '')
  if (before + after === '') return ''
  if (digits === '') return 0n
  const shift = scale - after.length + Number(exponent)
  if (shift < 0) {
    if (/[1-9]/.test(digits.slice(shift))) return 'would be rounded'
    digits = digits.slice(0, shift)
  } else if (digits.length + shift <= precision) digits += '0'.repeat(shift)
  else return 'out of range'
  if (digits.length > precision) return 'out of range'
  return sign === '-' ? -BigInt(digits) : BigInt(digits)
}
