/**
 * Nested kinds from JSON text: each field's text becomes the bytes of `engine/data/nested.ts`, without
 * objects between. Parts follow the rules that JSON has for columns of their kinds: exact decimals,
 * ISO times, base64. An object's keys may stand in any order, a missing one is null, others are passed
 * over. What is refused says where: `lines[2].price: expected decimal(10,2), got "abc"`.
 */
import type { Column } from '../../../../engine/data/column.ts'
import { JSON_DEPTH_MAX, tooDeep } from '../../../../engine/data/json-text.ts'
import { ByteSink } from '../../../../engine/data/byte-sink.ts'
import { Pool } from '../../../../engine/data/pool.ts'
import { type Fields, NULL, QUOTE } from '../fields.ts'
import type { Clock, Left } from './index.ts'
import { PartError } from './json-part.ts'
import { partOf } from './json-parts.ts'
import { JsonText } from './json-text.ts'
import { textOf } from './text-of.ts'

const sink = new ByteSink()
const text = new JsonText()

export function nested(f: Fields, k: number, column: Column, _clock: Clock, _left: Left): void {
  const { at, rows, stride } = f
  const { valid } = column
  const values = column.values as Int32Array
  const pool = emptied(column)
  for (let row = 0, p = k * 2; row < rows; row++, p += stride * 2) {
    values[row] = 0
    const some = at[p + 1] !== NULL && begin(f, row, p, column.kind.optional)
    if (valid !== null) valid[row] = some ? 1 : 0
    if (!some || !read(f, row, column)) continue
    values[row] = pool.append(sink.bytes, 0, sink.at)
  }
}

/** A pool of this batch alone: few of these values are there twice. */
function emptied(column: Column): Pool {
  if (column.pool === null || column.pool.unique) column.pool = new Pool(false)
  column.pool.clear()
  return column.pool
}

/** Puts the cursor on the field's JSON; false where it is null, or none. */
function begin(f: Fields, row: number, p: number, optional: boolean): boolean {
  const start = f.at[p] as number
  if (f.json) {
    text.over(f.bytes, f.view, f.bytes[start - 1] === QUOTE ? start - 1 : start)
    return true
  }
  // The format's own text: whether it is JSON is not known yet.
  const json = textOf(f, p)
  if (tooDeep(json)) {
    f.refuse(row, `nested more deeply than ${JSON_DEPTH_MAX}`)
    return false
  }
  try {
    JSON.parse(json)
  } catch {
    f.refuse(row, 'not JSON')
    return false
  }
  const bytes = Buffer.from(`${json}\n`) as typeof f.bytes
  text.over(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0)
  const none = text.next() === 110
  if (none && !optional) f.refuse(row, '')
  return !none
}

/** The value's bytes into the sink; false where the row is refused. */
function read(f: Fields, row: number, { kind }: Column): boolean {
  sink.at = 0
  try {
    if (kind.tag === 'json') text.copy(sink)
    else partOf(kind).read(text, sink)
    return true
  } catch (error) {
    if (!(error instanceof PartError)) throw error
    f.refuse(row, error.path === '' ? '' : error.message, error.path)
    return false
  }
}
