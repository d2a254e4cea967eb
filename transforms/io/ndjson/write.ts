/**
 * NDJSON as a sink: one object a line. Decimals, int64 and bigint are numbers with all their digits;
 * NaN and infinities are text, as JSON has no numbers for them; bytes are base64.
 */
import { type Batch, columnOf } from '../../../engine/data/batch.ts'
import type { Column } from '../../../engine/data/column.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { Cell } from '../files/cells.ts'
import { jsonCell } from '../files/json-cells.ts'
import { joinLines, linesFragment, SUFFIX } from '../files/lines-fragment.ts'
import { compressionOf, type Packed, type SinkFormat } from '../files/sink-options.ts'

function linesOf(schema: AnySchema) {
  const keys = schema.list.map((f, j) =>
    Buffer.from(`${j === 0 ? '{' : ','}${JSON.stringify(f.name)}:`),
  )
  const close = schema.list.length === 0 ? '{}\n' : '}\n'
  return (batch: Batch): Cell => {
    const columns = schema.list.map((_, j) => columnOf(batch, j))
    const cells = columns.map(jsonCell)
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
