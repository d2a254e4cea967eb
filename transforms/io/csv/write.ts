/**
 * CSV as a sink, RFC 4180 with LF: fields are quoted where they must be; null is an empty field and an
 * empty text a quoted one, so that the two can be told apart. In a file of one column an empty null is
 * quoted too, as an empty line would be no record; where that column is text, it is refused.
 */
import { type Batch, columnOf } from '../../../engine/data/batch.ts'
import { type Column, isText } from '../../../engine/data/column.ts'
import type { Pool } from '../../../engine/data/pool.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { CELLS, type Cell } from '../files/cells.ts'
import { jsonCell } from '../files/json-cells.ts'
import { joinLines, linesFragment, SUFFIX } from '../files/lines-fragment.ts'
import { compressionOf, type Packed, type SinkFormat } from '../files/sink-options.ts'
import { Out } from '../files/out.ts'
import { wrong } from './options.ts'

export interface CsvSink extends Packed {
  /** One ASCII character that no number, date or base64 text has. Default: a comma; a tab makes .tsv files. */
  readonly delimiter?: string
  /** Whether each file begins with the columns' names. Default true. */
  readonly header?: boolean
  /** What stands for null. Default '', an empty field. */
  readonly nulls?: string
}

interface Dialect {
  readonly delimiter: number
  readonly nulls: Buffer
  /** 1 for the bytes that must stand in quotes. */
  readonly special: Uint8Array
}

const QUOTE = 34
const LF = 10
/** The first byte of a byte order mark, which may not begin a file of ours. */
const MARK = 0xef

function dialectOf({ delimiter = ',', header = true, nulls = '' }: CsvSink): Dialect {
  if (!/^[\t !#$%&'()*,;<>?@[\]^_`{|}~]$/.test(delimiter))
    throw wrong('delimiter', delimiter, 'one character such as , ; | or a tab')
  if (typeof header !== 'boolean') throw wrong('header', header, 'true or false')
  const value = /^[+.-]?\d|^(?:true|false|nan|-?infinity)$/i.test(String(nulls))
  if (
    typeof nulls !== 'string' ||
    /["\r\n\ufeff]/.test(nulls) ||
    nulls.includes(delimiter) ||
    value
  )
    throw wrong('nulls', nulls, 'a text that needs no quotes and is no value, such as NULL')
  const special = new Uint8Array(256)
  for (const c of `"\r\n${delimiter}`) special[c.charCodeAt(0)] = 1
  if (!header) special[MARK] = 1
  return { delimiter: delimiter.charCodeAt(0), nulls: Buffer.from(nulls), special }
}

function cellOf(column: Column, dialect: Dialect): Cell {
  const { tag } = column.kind
  if (tag === 'utf8') return texts(column, dialect)
  if (tag !== 'bytes' && isText(column.kind)) return quotedJson(column)
  if (tag !== 'bytes') return CELLS[tag as keyof typeof CELLS](column)
  const { pool, values } = column
  const nulls = dialect.nulls.toString()
  return (i, out) => {
    const text = Buffer.from((pool as Pool).view(values[i] as number)).toString('base64')
    out.ascii(text === '' || text === nulls ? `"${text}"` : text)
  }
}

/** A nested value's JSON, always in quotes: no null looks like it. */
function quotedJson(column: Column): Cell {
  const pieces: Buffer[] = []
  const json = new Out(piece => pieces.push(Buffer.from(piece)))
  const cell = jsonCell(column)
  return (i, out) => {
    cell(i, json)
    json.flush()
    out.ascii('"')
    for (const piece of pieces.splice(0)) {
      out.room(piece.length * 2)
      for (const c of piece) {
        if (c === QUOTE) out.bytes[out.at++] = QUOTE
        out.bytes[out.at++] = c
      }
    }
    out.ascii('"')
  }
}

function texts({ pool, values }: Column, { special: table, nulls }: Dialect): Cell {
  const { bytes: source, offsets } = pool as Pool
  const codes = values as Int32Array
  const likeNull = nulls.length
  return (i, out) => {
    const code = codes[i] as number
    const start = offsets[code] as number
    const end = offsets[code + 1] as number
    out.room((end - start) * 2 + 2)
    const { bytes } = out
    let { at } = out
    let special = end === start ? 1 : 0
    for (let j = start; j < end; j++) {
      const c = source[j] as number
      special |= table[c] as number
      bytes[at++] = c
    }
    if (end - start === likeNull && nulls.equals(source.subarray(start, end))) special = 1
    if (special !== 0) {
      at = out.at
      bytes[at++] = QUOTE
      for (let j = start; j < end; j++) {
        const c = source[j] as number
        if (c === QUOTE) bytes[at++] = QUOTE
        bytes[at++] = c
      }
      bytes[at++] = QUOTE
    }
    out.at = at
  }
}

function linesOf(schema: AnySchema, dialect: Dialect) {
  const { delimiter, nulls } = dialect
  const single = nulls.length === 0 && schema.list.length === 1
  const nothing = nulls.length > 0 ? nulls : single ? Buffer.from('""') : null
  const [first] = schema.list
  const lossy = single && first !== undefined && isText(first.kind)
  return (batch: Batch): Cell => {
    const columns = schema.list.map((_, j) => columnOf(batch, j))
    const cells = columns.map(column => cellOf(column, dialect))
    return (i, out) => {
      for (let j = 0; j < cells.length; j++) {
        out.room(8)
        if (j > 0) out.bytes[out.at++] = delimiter
        const { valid } = columns[j] as Column
        if (valid === null || valid[i] === 1) (cells[j] as Cell)(i, out)
        else if (lossy) throw asEmpty(first.name)
        else if (nothing !== null) out.raw(nothing)
      }
      out.room(1)
      out.bytes[out.at++] = LF
    }
  }
}

function asEmpty(name: string): Fault {
  const message = `a null of "${name}" would be read as an empty text: a file of that column alone cannot tell them apart`
  return new Fault('data', message, {
    hint: "give csv what stands for null, such as { nulls: 'NULL' }, or write another format",
  })
}

function headOf({ list }: AnySchema, delimiter: string): string {
  const quoted = (text: string): string =>
    text === '' || /["\r\n\ufeff]/.test(text) || text.includes(delimiter)
      ? `"${text.replaceAll('"', '""')}"`
      : text
  return `${list.map(f => quoted(f.name)).join(delimiter)}\n`
}

export function csvFormat(sink: CsvSink): SinkFormat {
  const { delimiter = ',', header = true, nulls = '' } = sink
  const dialect = dialectOf(sink)
  const compression = compressionOf(sink)
  return {
    format: 'csv',
    extension: `${delimiter === '\t' ? '.tsv' : '.csv'}${SUFFIX[compression]}`,
    own: { delimiter, header, nulls, compression },
    open: (path, schema, bytesMax) =>
      linesFragment(path, { linesOf: linesOf(schema, dialect), compression, bytesMax }),
    assemble: async (fragments, path, schema) =>
      joinLines(fragments, path, { head: header ? headOf(schema, delimiter) : '', compression }),
  }
}
