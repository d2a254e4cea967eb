/**
 * Decimals as exact scaled integers, from any number and from decimal texts. More fraction digits than
 * the scale are refused, unless they are zeros. A double stands for the shortest decimal text that
 * denotes it, as the one who wrote 12.5 would expect.
 */
import type { Column } from '../../../../engine/data/column.ts'
import { isWide, type Kind } from '../../../../engine/data/kind.ts'
import { POW10, writeUnits } from '../../../../engine/data/value.ts'
import { unitsOf } from '../../files/decode/decimal.ts'
import { TYPE } from '../bson/types.ts'
import { decimalParts, isSpecial } from './decimal-text.ts'
import { absent, type Documents, OTHER_TYPE } from './fields.ts'

export function decimal(f: Documents, k: number, column: Column): void {
  if (isWide(column.kind)) wide(f, k, column)
  else narrow(f, k, column)
}

const BIAS = 6176
const HIGH = 2 ** 32
/** Of a significand's third and second words: it fits 53 bits. */
const SAFE = 2 ** 21

function narrow(f: Documents, k: number, column: Column): void {
  const { at, types, rows, stride } = f
  const values = column.values as Float64Array
  const { valid, kind } = column
  for (let row = 0, s = k; row < rows; row++, s += stride) {
    const fast = types[s] === TYPE.decimal ? quick(f.view, at[2 * s] as number, kind) : Number.NaN
    if (fast === fast) {
      values[row] = fast
      if (valid !== null) valid[row] = 1
    } else values[row] = absent(f, row, k, column) ? 0 : Number(slow(f, row, s, kind))
  }
}

/** The units of a Decimal128 of up to 53 bits; NaN where it is no such one, or does not fit. */
function quick(view: DataView, p: number, { scale, precision }: Kind): number {
  const top = view.getUint32(p + 12, true)
  const second = view.getUint32(p + 4, true)
  if ((top & 0x6001ffff) !== 0 && ((top & 0x1ffff) !== 0 || (top & 0x60000000) === 0x60000000))
    return Number.NaN
  if (view.getUint32(p + 8, true) !== 0 || second >= SAFE) return Number.NaN
  const units = second * HIGH + view.getUint32(p, true)
  const shift = ((top >>> 17) & 0x3fff) - BIAS + scale
  if (shift > 15 || shift < -15) return Number.NaN
  const power = POW10[Math.abs(shift)] as number
  const scaled = shift >= 0 ? units * power : units / power
  if (shift < 0 && units % power !== 0) return Number.NaN
  if (!(scaled < (POW10[precision] as number))) return Number.NaN
  return top >>> 31 === 1 ? 0 - scaled : scaled
}

function wide(f: Documents, k: number, column: Column): void {
  const { rows, stride } = f
  for (let row = 0, s = k; row < rows; row++, s += stride)
    writeUnits(column, row, absent(f, row, k, column) ? 0n : slow(f, row, s, column.kind))
}

/** The units of a value that is there; 0 and a refusal where there are none. */
function slow(f: Documents, row: number, s: number, kind: Kind): bigint {
  const units = unitsAt(f, s, kind)
  if (typeof units === 'bigint') return units
  f.refuse(row, units)
  return 0n
}

/** The units at slot s, or why there are none. */
export function unitsAt(f: Documents, s: number, kind: Kind): bigint | string {
  const { view, bytes, at, types } = f
  const p = at[2 * s] as number
  switch (types[s]) {
    case TYPE.decimal: {
      if (isSpecial(view, p)) return OTHER_TYPE
      const { units, exponent } = decimalParts(view, p)
      return unitsOf(`${units}E${exponent}`, kind)
    }
    case TYPE.int:
      return unitsOf(String(view.getInt32(p, true)), kind)
    case TYPE.long:
      return unitsOf(String(view.getBigInt64(p, true)), kind)
    case TYPE.double:
      return unitsOf(String(view.getFloat64(p, true)), kind)
    case TYPE.string:
      return unitsOf(bytes.latin1Slice(p, at[2 * s + 1] as number), kind)
    default:
      return OTHER_TYPE
  }
}
