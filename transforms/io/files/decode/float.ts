/** float64 and float32. Up to 15 digits and 22 decimals both parts are exact doubles, so their quotient is rounded once, as `Number(text)` is. */
import type { Column } from '../../../../engine/data/column.ts'
import { POW10 } from '../../../../engine/data/value.ts'
import { type Fields, isNull } from '../fields.ts'
import { trimmed } from './text-of.ts'

export function float(f: Fields, k: number, column: Column): void {
  const { bytes, at, rows } = f
  const values = column.values as Float64Array
  const { valid } = column
  const single = column.kind.tag === 'float32'
  const step = f.stride * 2
  for (let row = 0, p = k * 2; row < rows; row++, p += step) {
    const end = at[p + 1] as number
    let i = at[p] as number
    if (valid !== null) valid[row] = end === -2147483648 ? 0 : 1
    let c = bytes[i] as number
    const negative = c === 45
    if (negative) c = bytes[++i] as number
    if (end - i > 16 || (c - 48) >>> 0 > 9 || end <= i) {
      values[row] = slow(f, row, p, single)
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
    if (i !== end || value > 999999999999999) values[row] = slow(f, row, p, single)
    else {
      value /= POW10[end - 1 - point] as number
      values[row] = negative ? -value : value
    }
  }
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const NAMED = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
])

function slow(f: Fields, row: number, p: number, single: boolean): number {
  if (isNull(f.at[p + 1] as number)) return 0
  const text = trimmed(f, p)
  if (NUMBER.test(text)) {
    const value = single ? Math.fround(Number(text)) : Number(text)
    if (!Number.isFinite(value)) f.refuse(row, 'out of range')
    return Number.isFinite(value) ? value : 0
  }
  const named = NAMED.get(text.replace(/^[+-]/, '').toLowerCase())
  if (named === undefined) f.refuse(row, '')
  return named === undefined ? 0 : text.startsWith('-') ? -named : named
}
