/**
 * CSV as a sink, RFC 4180 with LF: fields are quoted where they must be; null is an empty field and an
 * empty text a quoted one, so that the two can be told apart.
 */
import { type Batch, columnOf } from '../../../engine/data/batch.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { FileSink } from '../../../engine/io/sink.ts'
import { joinLines, linesFragment } from '../files/lines-fragment.ts'
import { textOf } from '../files/value-text.ts'

const quoted = (text: string): string =>
  text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text

function linesOf(schema: AnySchema) {
  return (batch: Batch) => {
    const fields = schema.list.map((_, j) => textOf(columnOf(batch, j)))
    return (i: number): string => {
      let line = ''
      for (let j = 0; j < fields.length; j++) {
        const text = (fields[j] as (i: number) => string | null)(i)
        if (j > 0) line += ','
        if (text !== null) line += quoted(text)
      }
      return `${line}\n`
    }
  }
}

export const csvFormat: Pick<FileSink, 'format' | 'extension' | 'open' | 'assemble'> = {
  format: 'csv',
  extension: '.csv',
  open: (path, schema) => linesFragment(path, linesOf(schema)),
  assemble: async (fragments, path, schema) =>
    joinLines(fragments, path, `${schema.list.map(f => quoted(f.name)).join(',')}\n`),
}
