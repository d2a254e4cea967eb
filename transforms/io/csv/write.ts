/**
 * CSV as a sink, RFC 4180 with LF: fields are quoted where they must be; null is an empty field and an
 * empty text a quoted one, so that the two can be told apart. In a file of one column null is quoted
 * too: an empty line would be no record.
 */
import { type Batch, columnOf } from '../../../engine/data/batch.ts'
import type { Column } from '../../../engine/data/column.ts'
import type { Pool } from '../../../engine/data/pool.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { FileSink } from '../../../engine/io/sink.ts'
import { CELLS, type Cell } from '../files/cells.ts'
import { joinLines, linesFragment } from '../files/lines-fragment.ts'

const QUOTE = 34
const COMMA = 44
const LF = 10

/** 1 for the bytes that must stand in quotes. */
const SPECIAL = new Uint8Array(256)
for (const c of '",\r\n') SPECIAL[c.charCodeAt(0)] = 1

function cellOf(column: Column): Cell {
  const { tag } = column.kind
  if (tag === 'utf8') return texts(column)
  if (tag !== 'bytes') return CELLS[tag as keyof typeof CELLS](column)
  const { pool, values } = column
  return (i, out) => {
    const text = Buffer.from((pool as Pool).view(values[i] as number)).toString('base64')
    out.ascii(text === '' ? '""' : text)
  }
}

function texts({ pool, values }: Column): Cell {
  const { bytes: source, offsets } = pool as Pool
  const codes = values as Int32Array
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
      special |= SPECIAL[c] as number
      bytes[at++] = c
    }
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

function linesOf(schema: AnySchema) {
  const alone = schema.list.length === 1
  return (batch: Batch): Cell => {
    const columns = schema.list.map((_, j) => columnOf(batch, j))
    const cells = columns.map(cellOf)
    return (i, out) => {
      for (let j = 0; j < cells.length; j++) {
        out.room(8)
        if (j > 0) out.bytes[out.at++] = COMMA
        const { valid } = columns[j] as Column
        if (valid === null || valid[i] === 1) (cells[j] as Cell)(i, out)
        else if (alone) out.ascii('""')
      }
      out.room(1)
      out.bytes[out.at++] = LF
    }
  }
}

const quoted = (text: string): string =>
  text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text

export const csvFormat: Pick<FileSink, 'format' | 'extension' | 'open' | 'assemble'> = {
  format: 'csv',
  extension: '.csv',
  open: (path, schema) => linesFragment(path, linesOf(schema)),
  assemble: async (fragments, path, schema) =>
    joinLines(fragments, path, `${schema.list.map(f => quoted(f.name)).join(',')}\n`),
}
