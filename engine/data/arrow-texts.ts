/**
 * Text that came from Arrow, checked where its kind is narrower than text: json is JSON without white space
 * between its parts, where `null` is null, and a `oneOf` has its values. Each entry is looked at once.
 */
import { Fault } from '../fault.ts'
import type { Column } from './column.ts'
import { compactJson, isJson, isJsonNull } from './json-text.ts'
import { ByteSink } from './byte-sink.ts'
import { show } from './plain.ts'
import { Pool } from './pool.ts'

const NULL = -2
const UNSEEN = -1
/** As much of a text as a message needs. */
const SHOWN_BYTES = 1024

/** The same column, or one with a pool of its own. Throws data: a value that is none of the kind's. */
export function checkedTexts(name: string, column: Column, rows: number): Column {
  const { tag, values } = column.kind
  if (tag === 'json') return jsonOf(name, column, rows)
  if (tag === 'utf8' && values !== null) checkSet(name, column, rows)
  return column
}

function checkSet(name: string, column: Column, rows: number): void {
  const pool = column.pool as Pool
  const known = new Uint8Array(pool.count)
  for (let row = 0; row < rows; row++) {
    if (column.valid?.[row] === 0) continue
    const code = column.values[row] as number
    if (known[code] === 1) continue
    if (!column.kind.values?.includes(pool.string(code))) throw mistaken(name, column, row)
    known[code] = 1
  }
}

/** Codes go to those of a pool whose entries are written as ours are. */
function jsonOf(name: string, column: Column, rows: number): Column {
  const source = column.pool as Pool
  const pool = new Pool(false)
  const sink = new ByteSink()
  const map = new Int32Array(source.count).fill(UNSEEN)
  const values = new Int32Array(rows)
  let valid = column.valid
  for (let row = 0; row < rows; row++) {
    if (valid?.[row] === 0) continue
    const code = column.values[row] as number
    if (map[code] === UNSEEN) map[code] = entryOf(source, code, pool, sink)
    const mine = map[code] as number
    if (mine === UNSEEN) throw mistaken(name, column, row)
    if (mine !== NULL) values[row] = mine
    else if (!column.kind.optional) throw mistaken(name, column, row)
    else {
      if (valid === null || valid === column.valid)
        valid = valid?.slice() ?? new Uint8Array(rows).fill(1)
      valid[row] = 0
    }
  }
  return { kind: column.kind, values, valid, pool }
}

/** The code of an entry, added to `pool`; UNSEEN where it is no JSON. */
function entryOf(source: Pool, code: number, pool: Pool, sink: ByteSink): number {
  const bytes = source.view(code)
  if (!isJson(bytes)) return UNSEEN
  sink.at = 0
  compactJson(bytes, 0, bytes.length, sink)
  return isJsonNull(sink.bytes, 0, sink.at) ? NULL : pool.append(sink.bytes, 0, sink.at)
}

function mistaken(name: string, { kind, values, pool }: Column, row: number): Fault {
  const entry = (pool as Pool).view(values[row] as number).subarray(0, SHOWN_BYTES)
  const got = show(Buffer.from(entry).toString())
  const what = kind.tag === 'json' ? `${got}, which is no JSON value` : got
  return new Fault(
    'data',
    `column ${JSON.stringify(name)}, row ${row}: expected ${kind.name}, got ${what}`,
  )
}
