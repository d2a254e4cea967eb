/**
 * NDJSON as a sink: one object a line. Decimals, int64 and bigint are numbers with all their digits;
 * NaN and infinities are text, as JSON has no numbers for them; bytes are base64.
 */
import { type Batch, columnOf } from '../../../engine/data/batch.ts'
import type { Column } from '../../../engine/data/column.ts'
import type { Pool } from '../../../engine/data/pool.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { CELLS, type Cell } from '../files/cells.ts'
import { joinLines, linesFragment, SUFFIX } from '../files/lines-fragment.ts'
import { compressionOf, type Packed, type SinkFormat } from '../files/sink-options.ts'

const BARE: ReadonlySet<string> = new Set(['bool', 'int32', 'int64', 'bigint', 'decimal'])
const QUOTE = 34

/** What stands for a byte that JSON wants escaped. */
const ESCAPES: readonly (string | undefined)[] = Array.from({ length: 128 }, (_, c) => {
  const text = JSON.stringify(String.fromCharCode(c)).slice(1, -1)
  return c !== 127 && text.length > 1 ? text : undefined
})
const SPECIAL = Uint8Array.from({ length: 256 }, (_, c) => (ESCAPES[c] === undefined ? 0 : 1))

function cellOf(column: Column): Cell {
  const { tag } = column.kind
  if (tag === 'utf8') return texts(column)
  if (tag === 'bytes') {
    const { pool, values } = column
    return (i, out) =>
      out.ascii(`"${Buffer.from((pool as Pool).view(values[i] as number)).toString('base64')}"`)
  }
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
  const { bytes: source, offsets } = pool as Pool
  const codes = values as Int32Array
  return (i, out) => {
    const code = codes[i] as number
    const start = offsets[code] as number
    const end = offsets[code + 1] as number
    // An escape takes six bytes at most.
    out.room((end - start) * 6 + 2)
    const { bytes } = out
    let { at } = out
    bytes[at++] = QUOTE
    for (let j = start; j < end; j++) {
      const c = source[j] as number
      if (SPECIAL[c] === 0) bytes[at++] = c
      else {
        const escaped = ESCAPES[c] as string
        for (let n = 0; n < escaped.length; n++) bytes[at++] = escaped.charCodeAt(n)
      }
    }
    bytes[at++] = QUOTE
    out.at = at
  }
}

function linesOf(schema: AnySchema) {
  const keys = schema.list.map((f, j) =>
    Buffer.from(`${j === 0 ? '{' : ','}${JSON.stringify(f.name)}:`),
  )
  const close = schema.list.length === 0 ? '{}\n' : '}\n'
  return (batch: Batch): Cell => {
    const columns = schema.list.map((_, j) => columnOf(batch, j))
    const cells = columns.map(cellOf)
    return (i, out) => {
      for (let j = 0; j < cells.length; j++) {
        out.raw(keys[j] as Buffer)
        const { valid } = columns[j] as Column
        if (valid === null || valid[i] === 1) (cells[j] as Cell)(i, out)
        else out.ascii('null')
      }
      out.ascii(close)
    }
  }
}

export function ndjsonFormat(packed: Packed): SinkFormat {
  const compression = compressionOf(packed)
  return {
    format: 'ndjson',
    extension: `.ndjson${SUFFIX[compression]}`,
    own: { compression },
    open: (path, schema, bytesMax) =>
      linesFragment(path, { linesOf: linesOf(schema), compression, bytesMax }),
    assemble: async (fragments, path) => joinLines(fragments, path, { head: '', compression }),
  }
}
