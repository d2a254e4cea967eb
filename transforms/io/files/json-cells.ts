/** How values are written as JSON: texts with their escapes, what JSON has no number for as text, nested values whole. */
import { bytesPerRow, type Column, isText, newColumn } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { type ByteSource, viewOf } from '../../../engine/data/byte-sink.ts'
import { elementOf, structOf } from '../../../engine/data/nested.ts'
import type { Pool, Utf8Buffer } from '../../../engine/data/pool.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { CELLS, type Cell } from './cells.ts'
import type { Out } from './out.ts'

const BARE: ReadonlySet<string> = new Set(['bool', 'int32', 'int64', 'bigint', 'decimal'])
const QUOTE = 34

/** What stands for a byte that JSON wants escaped. */
const ESCAPES: readonly (string | undefined)[] = Array.from({ length: 128 }, (_, c) => {
  const text = JSON.stringify(String.fromCharCode(c)).slice(1, -1)
  return c !== 127 && text.length > 1 ? text : undefined
})
const SPECIAL = Uint8Array.from({ length: 256 }, (_, c) => (ESCAPES[c] === undefined ? 0 : 1))

/** Writes a column's values, which are not null, as JSON. */
export function jsonCell(column: Column): Cell {
  const { tag } = column.kind
  if (tag === 'utf8') return texts(column)
  if (tag === 'bytes') {
    const { pool, values } = column
    return (i, out) => base64((pool as Pool).view(values[i] as number), out)
  }
  if (isText(column.kind)) return nested(column)
  const cell = CELLS[tag as keyof typeof CELLS](column)
  if (BARE.has(tag)) return cell
  if (tag !== 'float32' && tag !== 'float64') return quoted(cell)
  const { values } = column
  const named = quoted(cell)
  return (i, out) => (Number.isFinite(values[i] as number) ? cell(i, out) : named(i, out))
}

const quoted =
  (cell: Cell): Cell =>
  (i, out) => {
    out.ascii('"')
    cell(i, out)
    out.ascii('"')
  }

function texts({ pool, values }: Column): Cell {
  const { bytes, offsets } = pool as Pool
  const codes = values as Int32Array
  return (i, out) => {
    const code = codes[i] as number
    escaped(bytes, offsets[code] as number, offsets[code + 1] as number, out)
  }
}

/** Writes source[start..end) as a JSON string. */
function escaped(source: Uint8Array, start: number, end: number, out: Out): void {
  // An escape takes six bytes at most.
  out.room((end - start) * 6 + 2)
  const { bytes } = out
  let { at } = out
  bytes[at++] = QUOTE
  for (let j = start; j < end; j++) {
    const c = source[j] as number
    if (SPECIAL[c] === 0) bytes[at++] = c
    else {
      const text = ESCAPES[c] as string
      for (let n = 0; n < text.length; n++) bytes[at++] = text.charCodeAt(n)
    }
  }
  bytes[at++] = QUOTE
  out.at = at
}

const base64 = (bytes: Uint8Array, out: Out): void =>
  out.ascii(`"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')}"`)

/** Nested values, from the bytes that `engine/data/nested.ts` says. */
function nested({ kind, pool, values }: Column): Cell {
  const { bytes, offsets } = pool as Pool
  const codes = values as Int32Array
  if (kind.tag === 'json')
    return (i, out) => {
      const code = codes[i] as number
      out.raw(bytes.subarray(offsets[code] as number, offsets[code + 1] as number))
    }
  const print = printerOf(kind)
  const from = { bytes: bytes as Utf8Buffer, view: viewOf(bytes), at: 0 }
  return (i, out) => {
    from.at = offsets[codes[i] as number] as number
    print(from, out)
  }
}

/** Writes the value that comes next. */
type Print = (from: ByteSource, out: Out) => void

function printerOf(kind: Kind): Print {
  if (kind.tag === 'list') return listPrinter(elementOf(kind))
  if (kind.tag === 'struct') return structPrinter(structOf(kind))
  if (isText(kind)) return textPrinter(kind)
  const column = newColumn(kind.required, 1)
  const raw = new Uint8Array(column.values.buffer, 0, bytesPerRow(kind))
  const cell = jsonCell(column)
  return (from, out) => {
    raw.set(from.bytes.subarray(from.at, from.at + raw.length))
    from.at += raw.length
    cell(0, out)
  }
}

function textPrinter({ tag }: Kind): Print {
  return (from, out) => {
    const start = from.at + 4
    const end = start + from.view.getUint32(from.at, true)
    from.at = end
    if (tag === 'utf8') escaped(from.bytes, start, end, out)
    else if (tag === 'bytes') base64(from.bytes.subarray(start, end), out)
    else out.raw(from.bytes.subarray(start, end))
  }
}

const orNull =
  (print: Print): Print =>
  (from, out) => {
    if (from.bytes[from.at++] === 0) out.ascii('null')
    else print(from, out)
  }

function listPrinter(element: Kind): Print {
  const print = orNull(printerOf(element))
  return (from, out) => {
    const count = from.view.getUint32(from.at, true)
    from.at += 4
    out.ascii('[')
    for (let i = 0; i < count; i++) {
      if (i > 0) out.ascii(',')
      print(from, out)
    }
    out.ascii(']')
  }
}

function structPrinter({ list }: AnySchema): Print {
  const fields = list.map(({ name, kind }, j) => ({
    key: Buffer.from(`${j === 0 ? '{' : ','}${JSON.stringify(name)}:`),
    print: orNull(printerOf(kind)),
  }))
  return (from, out) => {
    for (const { key, print } of fields) {
      out.raw(key)
      print(from, out)
    }
    out.ascii(fields.length === 0 ? '{}' : '}')
  }
}
