/**
 * Arrays of one dimension as lists. The elements of all rows are decoded together, as a column of
 * theirs; each row's list is then put together from its part of it (`engine/data/nested.ts` has the bytes).
 *
 * | offset | size | meaning                                                   |
 * |--------|------|-----------------------------------------------------------|
 * | 0      | 4    | dimensions; 0: the array is empty, and nothing follows the first 12 bytes |
 * | 4      | 8    | whether there are nulls; the type of the elements         |
 * | 12     | 8    | elements of the dimension; the first one's number         |
 * | 20     |      | each element: its length (4; -1 is null), then its bytes  |
 */
import { bytesPerRow, type Column, isText, newColumn } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { ByteSink } from '../../../engine/data/byte-sink.ts'
import { elementOf } from '../../../engine/data/nested.ts'
import type { Pool } from '../../../engine/data/pool.ts'
import type { Located } from './copy-out.ts'
import { type Decode, nulls } from './decode.ts'
import { FLAW, Flaws } from './flaws.ts'
import { Texts } from './texts.ts'

const HEAD = 20

/** Reads a list whose elements `decode` reads. */
export function list(kind: Kind, decode: Decode): Decode {
  const element = elementOf(kind)
  const flaws = new Flaws()
  const sink = new ByteSink()
  return (rows, field, into) => {
    nulls(rows, field, into)
    const elements = elementsOf(rows, field)
    const column = newColumn(element, elements.stride)
    const texts = isText(element) ? new Texts(column) : null
    flaws.begin(elements.rows)
    decode(elements, 0, { column, index: 0, flaws, texts })
    const lists = { ...rows, at: new Int32Array(rows.rows), lengths: new Int32Array(rows.rows) }
    sink.at = 0
    for (let r = 0, k = field * rows.stride, e = 0; r < rows.rows; r++, k++) {
      lists.at[r] = sink.at
      lists.lengths[r] = -1
      if (rows.lengths[k] === -1) continue
      const count = countOf(rows, rows.at[k] as number)
      if (count === -1) into.flaws.add(r, into.index, FLAW.nested)
      sink.word(Math.max(0, count))
      for (const end = e + Math.max(0, count); e < end; e++) {
        if (flaws.of(e) !== 0) into.flaws.add(r, into.index, flaws.of(e))
        write(sink, elements, column, e)
      }
      lists.lengths[r] = sink.at - (lists.at[r] as number)
    }
    into.texts?.decode({ ...lists, bytes: sink.bytes, view: sink.view, stride: rows.rows }, 0)
  }
}

/** Elements of an array; -1: it has several dimensions. */
function countOf({ view }: Located, at: number): number {
  const dimensions = view.getInt32(at)
  if (dimensions === 0) return 0
  return dimensions === 1 ? view.getInt32(at + 12) : -1
}

/** Where the elements of all rows lie. */
function elementsOf(rows: Located, field: number): Located {
  const { view, at, lengths, stride } = rows
  let total = 0
  for (let r = 0, k = field * stride; r < rows.rows; r++, k++)
    if (lengths[k] !== -1) total += Math.max(0, countOf(rows, at[k] as number))
  const places = new Int32Array(total)
  const sizes = new Int32Array(total)
  let e = 0
  for (let r = 0, k = field * stride; r < rows.rows; r++, k++) {
    if (lengths[k] === -1) continue
    let place = (at[k] as number) + HEAD
    for (let left = countOf(rows, at[k] as number); left > 0; left--, e++) {
      const length = view.getInt32(place)
      sizes[e] = length
      places[e] = place + 4
      place += 4 + Math.max(0, length)
    }
  }
  return { ...rows, at: places, lengths: sizes, stride: Math.max(1, total), rows: total }
}

/** An element as a list holds it. */
function write(sink: ByteSink, { lengths }: Located, column: Column, e: number): void {
  const none = lengths[e] === -1 || column.valid?.[e] === 0
  sink.byte(none ? 0 : 1)
  if (none) return
  if (isText(column.kind)) {
    sink.entry(column.pool as Pool, column.values[e] as number)
    return
  }
  const size = bytesPerRow(column.kind)
  const { buffer, byteOffset } = column.values
  sink.plain(column.kind, new Uint8Array(buffer, byteOffset + e * size, size), 0, size)
}
