/** bytes: base64 (RFC 4648, the usual alphabet, padding as it may), which is what the sinks write. */
import type { Column } from '../../../../engine/data/column.ts'
import type { Pool } from '../../../../engine/data/pool.ts'
import { type Fields, isNull } from '../fields.ts'
import { textOf } from './text-of.ts'

export function base64(f: Fields, k: number, column: Column): void {
  const { at, rows } = f
  const values = column.values as Int32Array
  const { valid } = column
  const pool = column.pool as Pool
  const step = f.stride * 2
  for (let row = 0, p = k * 2; row < rows; row++, p += step) {
    const none = isNull(at[p + 1] as number)
    if (valid !== null) valid[row] = none ? 0 : 1
    values[row] = 0
    if (none) continue
    const text = textOf(f, p).trim()
    const bare = text.replace(/={0,2}$/, '')
    const fits = bare.length % 4 !== 1 && (bare.length === text.length || text.length % 4 === 0)
    if (!fits || !/^[A-Za-z0-9+/]*$/.test(bare)) f.refuse(row, 'as base64')
    else {
      const raw = Buffer.from(bare, 'base64')
      values[row] = pool.unique ? pool.intern(raw, 0, raw.length) : pool.append(raw, 0, raw.length)
    }
  }
}
