/**
 * Times from Date (milliseconds) and Timestamp (seconds). A date takes midnights UTC only: a time of day
 * would be lost.
 */
import type { Column } from '../../../../engine/data/column.ts'
import { DAY_MS } from '../../../../engine/data/value.ts'
import { TYPE } from '../bson/types.ts'
import { absent, type Documents, OTHER_TYPE } from './fields.ts'

const HIGH = 2 ** 32
/** What JavaScript's Date can hold. */
const MS_MAX = 8.64e15

export function time(f: Documents, k: number, column: Column): void {
  const { rows, stride } = f
  const values = column.values as Float64Array
  const { valid } = column
  for (let row = 0, s = k; row < rows; row++, s += stride) {
    const ms = milliseconds(f, s)
    if (ms === ms) {
      const micros = ms * 1000
      if (Math.abs(ms) > MS_MAX || micros / 1000 !== ms) f.refuse(row, 'out of range')
      values[row] = micros
      if (valid !== null) valid[row] = 1
    } else {
      values[row] = 0
      if (!absent(f, row, k, column)) f.refuse(row, OTHER_TYPE)
    }
  }
}

export function date(f: Documents, k: number, column: Column): void {
  const { rows, stride } = f
  const values = column.values as Int32Array
  const { valid } = column
  for (let row = 0, s = k; row < rows; row++, s += stride) {
    const days = milliseconds(f, s) / DAY_MS
    values[row] = days
    if (days === days) {
      if (valid !== null) valid[row] = 1
      if (Math.floor(days) !== days) f.refuse(row, 'it has a time of day')
      else if ((days | 0) !== days) f.refuse(row, 'out of range')
    } else if (!absent(f, row, k, column)) f.refuse(row, OTHER_TYPE)
  }
}

/** Since 1970, of slot s; NaN where it is no time. */
export function milliseconds({ view, at, types }: Documents, s: number): number {
  const p = at[2 * s] as number
  if (types[s] === TYPE.date) return view.getInt32(p + 4, true) * HIGH + view.getUint32(p, true)
  return types[s] === TYPE.timestamp ? view.getUint32(p + 4, true) * 1000 : Number.NaN
}
