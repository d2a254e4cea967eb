/** bytes: Binary of any subtype, UUID among them; of the old subtype 2 without its inner length. */
import type { Column } from '../../../../engine/data/column.ts'
import type { Pool } from '../../../../engine/data/pool.ts'
import { TYPE } from '../bson/types.ts'
import { absent, type Documents, OTHER_TYPE } from './fields.ts'

const OLD_SUBTYPE = 2

export function binary(f: Documents, k: number, column: Column): void {
  const { at, types, bytes, rows, stride } = f
  const values = column.values as Int32Array
  const pool = column.pool as Pool
  for (let row = 0, s = k; row < rows; row++, s += stride) {
    values[row] = 0
    if (absent(f, row, k, column)) continue
    if (types[s] !== TYPE.binary) f.refuse(row, OTHER_TYPE)
    else {
      const start = binaryStart(bytes, at[2 * s] as number)
      const end = at[2 * s + 1] as number
      values[row] = pool.unique ? pool.intern(bytes, start, end) : pool.append(bytes, start, end)
    }
  }
}

/** The first byte of a Binary's content, its value at p. */
export const binaryStart = (bytes: Uint8Array, p: number): number =>
  bytes[p + 4] === OLD_SUBTYPE ? p + 9 : p + 5
