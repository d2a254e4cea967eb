/**
 * utf8 from strings, symbols and ObjectIds (24 hex digits). Every row is checked here, whether or not
 * the column is read, so that what is rejected does not depend on it; `TextColumn` then makes codes.
 * An ObjectId is marked as a field with escapes: its digits are written where it is asked for.
 */
import { isUtf8 } from 'node:buffer'
import type { Column } from '../../../../engine/data/column.ts'
import type { Bytes } from '../../files/fields.ts'
import { NULL } from '../../files/fields.ts'
import { TYPE } from '../bson/types.ts'
import { type Documents, OTHER_TYPE } from './fields.ts'

/** Marks nulls and ObjectIds, refuses what is no text. `optional`: the column takes nulls. */
export function checkTexts(f: Documents, k: number, { kind }: Pick<Column, 'kind'>): void {
  const { at, types, rows, stride } = f
  for (let row = 0, s = k; row < rows; row++, s += stride) {
    const type = types[s]
    if (type === TYPE.string || type === TYPE.symbol) {
      if (!isText(f, at[2 * s] as number, at[2 * s + 1] as number)) f.refuse(row, 'not UTF-8')
    } else if (type === TYPE.objectId) {
      const end = at[2 * s + 1] as number
      if (end >= 0) at[2 * s + 1] = ~end
    } else if (at[2 * s + 1] !== NULL || !kind.optional) {
      f.refuse(row, type === TYPE.missing ? 'missing' : OTHER_TYPE)
      at[2 * s + 1] = NULL
    }
  }
}

const HIGH_BITS = 0x80808080 | 0

/** Texts are mostly ASCII: four bytes at a time, and Node's own test for the rest. */
function isText({ bytes, view }: Documents, start: number, end: number): boolean {
  let p = start
  while (p + 4 <= end && (view.getInt32(p, true) & HIGH_BITS) === 0) p += 4
  if (p + 4 > end) {
    while (p < end && (bytes[p] as number) < 128) p++
    if (p === end) return true
  }
  return isUtf8(bytes.subarray(p, end))
}

const DIGITS = Buffer.from('0123456789abcdef')

/** Writes the hex digits of bytes[start..end) into `into`; answers how many. */
export function hexInto(bytes: Uint8Array, start: number, end: number, into: Bytes): number {
  let n = 0
  for (let p = start; p < end; p++) {
    const byte = bytes[p] as number
    into[n++] = DIGITS[byte >> 4] as number
    into[n++] = DIGITS[byte & 15] as number
  }
  return n
}
