/** Booleans: true/false, t/f, yes/no, y/n, 1/0, in any case. */
import type { Column } from '../../../../engine/data/column.ts'
import { type Fields, isNull } from '../fields.ts'
import { trimmed } from './text-of.ts'

const WORDS = new Map([
  ['true', 1],
  ['t', 1],
  ['yes', 1],
  ['y', 1],
  ['1', 1],
  ['false', 0],
  ['f', 0],
  ['no', 0],
  ['n', 0],
  ['0', 0],
])

export function bool(f: Fields, k: number, column: Column): void {
  const { bytes, at, rows } = f
  const values = column.values as Uint8Array
  const { valid } = column
  const step = f.stride * 2
  for (let row = 0, p = k * 2; row < rows; row++, p += step) {
    const start = at[p] as number
    const end = at[p + 1] as number
    const none = isNull(end)
    if (valid !== null) valid[row] = none ? 0 : 1
    values[row] = 0
    if (none) continue
    const c = bytes[start] as number
    if (end - start === 1 && (c === 48 || c === 49)) values[row] = c - 48
    else {
      const word = WORDS.get(trimmed(f, p).toLowerCase())
      if (word === undefined) f.refuse(row, '')
      else values[row] = word
    }
  }
}
