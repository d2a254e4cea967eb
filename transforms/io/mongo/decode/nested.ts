/** Columns of lists, structs and json: each value's bytes, in a pool of this batch alone. */
import type { Column } from '../../../../engine/data/column.ts'
import { ByteSink } from '../../../../engine/data/byte-sink.ts'
import { Pool } from '../../../../engine/data/pool.ts'
import { PartError } from '../../files/decode/json-part.ts'
import { absent, type Documents } from './fields.ts'
import { partOf, writeJson } from './parts.ts'

const sink = new ByteSink()

export function nested(f: Documents, k: number, column: Column): void {
  const { rows, stride } = f
  const values = column.values as Int32Array
  const pool = emptied(column)
  for (let row = 0, s = k; row < rows; row++, s += stride) {
    values[row] = 0
    if (absent(f, row, k, column) || !written(f, row, s, column)) continue
    values[row] = pool.append(sink.bytes, 0, sink.at)
  }
}

/** Few of these values are there twice. */
function emptied(column: Column): Pool {
  if (column.pool === null || column.pool.unique) column.pool = new Pool(false)
  column.pool.clear()
  return column.pool
}

/** The value's bytes into the sink; false where the row is refused. */
function written(f: Documents, row: number, s: number, { kind }: Column): boolean {
  sink.at = 0
  try {
    if (kind.tag === 'json') writeJson(kind, f, s, sink)
    else partOf(kind).write(f, s, sink)
    return true
  } catch (error) {
    if (!(error instanceof PartError)) throw error
    f.refuse(row, error.path === '' ? error.message : `${error.path}: ${error.message}`)
    return false
  }
}
