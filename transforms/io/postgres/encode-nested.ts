/**
 * Nested values as binary COPY has them: lists of what has no parts as arrays, structs and all else as
 * jsonb.
 *
 * | offset | size | an array                                                          |
 * |--------|------|-------------------------------------------------------------------|
 * | 0      | 4    | dimensions: 1; 0 where there is no element, and nothing follows the first 12 bytes |
 * | 4      | 8    | whether there are nulls; the type of the elements                 |
 * | 12     | 8    | elements; the first one's number, 1                               |
 * | 20     |      | each element: its length (4; -1 is null), then its bytes          |
 */
import { type ByteSource, ByteSink, viewOf } from '../../../engine/data/byte-sink.ts'
import { bytesPerRow, type Column, isText, newColumn } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { elementOf } from '../../../engine/data/nested.ts'
import type { Pool, Utf8Buffer } from '../../../engine/data/pool.ts'
import { jsonCell } from '../files/json-cells.ts'
import { Out } from '../files/out.ts'
import { fixed } from './encode-fixed.ts'
import { NUMERIC_BYTES_MAX } from './numeric.ts'
import { ELEMENT_OID, isArray } from './types.ts'

const JSONB_VERSION = 1

/** Writes the value of a row; the bytes are valid until the next call. Throws RangeError: Postgres has no place for it. */
export type NestedField = (row: number) => ByteSink | null

/** Null where the column is none of lists or structs. */
export function nestedField(column: Column): NestedField | null {
  const { kind, valid } = column
  if (kind.tag !== 'list' && kind.tag !== 'struct') return null
  const sink = new ByteSink()
  const write = isArray(kind) ? arrayField(column, sink) : jsonField(column, sink)
  return row => {
    sink.at = 0
    if (valid === null || valid[row] === 1) write(row)
    return sink
  }
}

function jsonField(column: Column, sink: ByteSink): (row: number) => void {
  const out = new Out(piece => sink.raw(piece))
  const cell = jsonCell(column)
  return row => {
    sink.byte(JSONB_VERSION)
    cell(row, out)
    out.flush()
    checkText(sink.bytes, 0, sink.at)
  }
}

/** Escaped or not, jsonb and text have no place for it. */
function checkText(bytes: Buffer, from: number, to: number): void {
  const text = bytes.subarray(from, to)
  const escaped =
    text.includes('\\u0000') && /(?<!\\)(?:\\\\)*\\u0000/.test(text.toString('latin1'))
  if (escaped || text.includes(0))
    throw new RangeError('a text has a zero byte, which postgres does not store')
}

function arrayField({ kind, values, pool }: Column, sink: ByteSink): (row: number) => void {
  const { bytes, offsets } = pool as Pool
  const from: ByteSource = { bytes: bytes as Utf8Buffer, view: viewOf(bytes), at: 0 }
  const element = elementOf(kind)
  const write = isText(element) ? textElement(element) : fixedElement(element)
  return row => {
    from.at = offsets[values[row] as number] as number
    const count = from.view.getUint32(from.at, true)
    from.at += 4
    head(sink, count, ELEMENT_OID[element.tag] as number)
    for (let i = 0; i < count; i++)
      if (from.bytes[from.at++] === 1) write(from, sink)
      else {
        int(sink, -1)
        sink.view.setInt32(4, 1)
      }
  }
}

function int(sink: ByteSink, value: number): void {
  sink.room(4)
  sink.view.setInt32(sink.at, value)
  sink.at += 4
}

function head(sink: ByteSink, count: number, oid: number): void {
  for (const word of [count === 0 ? 0 : 1, 0, oid]) int(sink, word)
  if (count > 0) for (const word of [count, 1]) int(sink, word)
}

type Write = (from: ByteSource, sink: ByteSink) => void

function textElement({ tag }: Kind): Write {
  return (from, sink) => {
    const start = from.at + 4
    from.at = start + from.view.getUint32(from.at, true)
    int(sink, from.at - start + (tag === 'json' ? 1 : 0))
    if (tag === 'json') sink.byte(JSONB_VERSION)
    sink.part(from.bytes, start, from.at)
    if (tag !== 'bytes') checkText(from.bytes, start, from.at)
  }
}

function fixedElement(kind: Kind): Write {
  const one = newColumn(kind.required, 1)
  const raw = new Uint8Array(one.values.buffer, 0, bytesPerRow(kind))
  return (from, sink) => {
    raw.set(from.bytes.subarray(from.at, from.at + raw.length))
    from.at += raw.length
    sink.room(4 + NUMERIC_BYTES_MAX)
    const length = fixed(sink.view, sink.at + 4, one, 0)
    int(sink, length)
    sink.at += length
  }
}
