/** A nested column as columns of its parts, and back: what formats of nested buffers take and give. */
import { bytesPerRow, type Column, isText, newColumn } from './column.ts'
import type { Kind } from './kind.ts'
import { ByteSink, viewOf } from './byte-sink.ts'
import { elementOf, structOf } from './nested.ts'
import { partColumn } from './part-column.ts'
import { Pool, type Utf8Buffer } from './pool.ts'

/** Elements of all rows, one after the other; row i has those from offsets[i] to offsets[i + 1]. */
export interface Lists {
  readonly offsets: Int32Array
  readonly elements: Column
  readonly count: number
}

export function listsOf(column: Column, rows: number): Lists {
  const element = elementOf(column.kind)
  const part = partColumn(element, element, Math.max(1, rows))
  const from = sourceOf(column)
  const offsets = new Int32Array(rows + 1)
  let count = 0
  for (let row = 0; row < rows; row++) {
    let left = 0
    if (from.find(row)) {
      left = from.view.getUint32(from.at, true)
      from.at += 4
    }
    part.room(count + left)
    for (; left > 0; left--, count++)
      if (from.bytes[from.at++] === 0) part.none(count)
      else part.read(from, count)
    offsets[row + 1] = count
  }
  return { offsets, elements: part.column, count }
}

/** The fields of all rows. Those of a null struct are null, whatever their kind. */
export function fieldsOf(column: Column, rows: number): Column[] {
  const kindOf = (kind: Kind): Kind => (column.valid === null ? kind : kind.nullable)
  const parts = structOf(column.kind).list.map(f =>
    partColumn(f.kind, kindOf(f.kind), Math.max(1, rows)),
  )
  const from = sourceOf(column)
  for (let row = 0; row < rows; row++) {
    const some = from.find(row)
    for (const part of parts)
      if (some && from.bytes[from.at++] === 1) part.read(from, row)
      else part.none(row)
  }
  return parts.map(p => p.column)
}

function sourceOf({ values, valid, pool }: Column) {
  const { bytes, offsets } = pool as Pool
  return {
    bytes: bytes as Utf8Buffer,
    view: viewOf(bytes),
    at: 0,
    /** Goes to a row's value; false where it is null. */
    find(row: number): boolean {
      this.at = offsets[values[row] as number] as number
      return valid === null || valid[row] === 1
    },
  }
}

/** The column whose rows are these lists; `valid` as a column's. */
export function listColumn(kind: Kind, { offsets, elements }: Lists, valid: Uint8Array | null) {
  const append = appenderOf(elements)
  return nestedColumn(kind, offsets.length - 1, valid, (row, into) => {
    const [start, end] = [offsets[row] as number, offsets[row + 1] as number]
    into.word(end - start)
    for (let i = start; i < end; i++) append(i, into)
  })
}

export function structColumn(
  kind: Kind,
  fields: readonly Column[],
  { rows, valid }: { rows: number; valid: Uint8Array | null },
): Column {
  const appends = fields.map(appenderOf)
  return nestedColumn(kind, rows, valid, (row, into) => {
    for (const append of appends) append(row, into)
  })
}

function nestedColumn(
  kind: Kind,
  rows: number,
  valid: Uint8Array | null,
  write: (row: number, into: ByteSink) => void,
): Column {
  const pool = new Pool(false)
  const column = newColumn(kind, rows, pool)
  const sink = new ByteSink()
  for (let row = 0; row < rows; row++) {
    if (valid !== null && valid[row] === 0) continue
    sink.at = 0
    write(row, sink)
    column.values[row] = pool.append(sink.bytes, 0, sink.at)
  }
  column.valid = valid
  return column
}

/** Writes a row as a part: whether it is null, then the value. */
function appenderOf({ kind, values, valid, pool }: Column): (row: number, into: ByteSink) => void {
  const width = bytesPerRow(kind)
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  const counted = isText(kind) && kind.tag !== 'list' && kind.tag !== 'struct'
  return (row, into) => {
    if (valid !== null && valid[row] === 0) {
      into.byte(0)
      return
    }
    into.byte(1)
    if (pool === null) {
      into.plain(kind, raw, row * width, (row + 1) * width)
      return
    }
    const code = values[row] as number
    if (counted) into.entry(pool, code)
    else into.part(pool.bytes, pool.offsets[code] as number, pool.offsets[code + 1] as number)
  }
}
