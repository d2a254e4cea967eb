/**
 * NDJSON as a sink: one object a line. Decimals, int64 and bigint are numbers with all their digits;
 * NaN and infinities are text, as JSON has no numbers for them; bytes are base64.
 */
import { type Batch, columnOf } from '../../../engine/data/batch.ts'
import type { Column } from '../../../engine/data/column.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { FileSink } from '../../../engine/io/sink.ts'
import { joinLines, linesFragment } from '../files/lines-fragment.ts'
import { type TextOf, textOf } from '../files/value-text.ts'

const BARE: ReadonlySet<string> = new Set(['bool', 'int32', 'int64', 'bigint', 'decimal'])

function jsonOf(column: Column): TextOf {
  const text = textOf(column)
  const { tag } = column.kind
  if (BARE.has(tag)) return i => text(i) ?? 'null'
  if (tag === 'float32' || tag === 'float64')
    return i => {
      const value = text(i)
      if (value === null) return 'null'
      return Number.isFinite(Number(value)) ? value : JSON.stringify(value)
    }
  return i => JSON.stringify(text(i))
}

function linesOf(schema: AnySchema) {
  const keys = schema.list.map((f, j) => `${j === 0 ? '{' : ','}${JSON.stringify(f.name)}:`)
  return (batch: Batch) => {
    const values = schema.list.map((_, j) => jsonOf(columnOf(batch, j)))
    return (i: number): string => {
      let line = ''
      for (let j = 0; j < values.length; j++) line += (keys[j] as string) + (values[j] as TextOf)(i)
      return `${line === '' ? '{' : line}}\n`
    }
  }
}

export const ndjsonFormat: Pick<FileSink, 'format' | 'extension' | 'open' | 'assemble'> = {
  format: 'ndjson',
  extension: '.ndjson',
  open: (path, schema) => linesFragment(path, linesOf(schema)),
  assemble: async (fragments, path) => joinLines(fragments, path, ''),
}
