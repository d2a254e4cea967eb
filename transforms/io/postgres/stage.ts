/**
 * Shards into a staging table: a Parquet file is read batch by batch and sent as binary COPY, several
 * files at once over connections of their own. The table is UNLOGGED: after a crash of the server it is
 * empty, and the load is staged anew.
 */
import { stat } from 'node:fs/promises'
import pLimit from 'p-limit'
import { schemaOf } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { ParquetFiles } from '../parquet/source.ts'
import { copyIn } from './copy-in.ts'
import { RowEncoder, type Send } from './encode.ts'
import { ident, idents, inStaging } from './names.ts'
import { retried } from './retry.ts'
import { Session } from './session.ts'
import { declared } from './types.ts'

const ROWS_PER_BATCH = 8192
/** Positions of a file's rows, which no file fills. */
const FILE_BITS = 40n

export interface Staging {
  readonly uri: string
  /** Unquoted. */
  readonly name: string
  /** Connections at once. */
  readonly lanes: number
}

/** The column of a staged row's position in the shards, in their order; null where the mode has no use for it. */
export function positionColumn({ columns, options }: TableLoad): string | null {
  if (options.mode !== 'merge') return null
  let free = 'millrace_position'
  while (columns.some(c => c.name === free)) free += '_'
  return free
}

/** Throws data: a value has no place in Postgres; resource: the server is gone and does not come back. */
export function stage(session: () => Promise<Session>, load: TableLoad, o: Staging): Promise<void> {
  return retried(async () => stageOnce(await session(), load, o))
}

/** Into a fresh table, so that what an attempt before it left is gone. */
async function stageOnce(session: Session, load: TableLoad, o: Staging): Promise<void> {
  const about = { what: `table ${load.table} cannot be staged`, at: load.at }
  const table = inStaging(o.name)
  const position = positionColumn(load)
  const columns = declared(load.columns)
  const extra = position === null ? '' : `, ${ident(position)} bigint NOT NULL`
  await session.run(`DROP TABLE IF EXISTS ${table}`, about)
  await session.run(
    `CREATE UNLOGGED TABLE ${table} (${columns}${extra}) WITH (autovacuum_enabled = false)`,
    about,
  )
  const lanes = Math.max(1, Math.min(o.lanes, load.files.length))
  const each = pLimit(lanes)
  const stopped = new AbortController()
  const done = await Promise.allSettled(
    load.files.map((path, index) =>
      each(async () => {
        if (stopped.signal.aborted) return
        try {
          await stageFile(load, { path, index }, o)
        } catch (error) {
          stopped.abort()
          throw error
        }
      }),
    ),
  )
  const failed = done.find(d => d.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  await session.run(`ANALYZE ${table}`, about)
  const [found] = await session.rows(`SELECT count(*)::float8 AS rows FROM ${table}`, [], about)
  if (found?.['rows'] === load.rows) return
  const counted = `${found?.['rows']} rows staged of ${load.rows} written`
  throw new Fault('engine', `table ${load.table}: ${counted}`, { at: load.at })
}

async function stageFile(
  load: TableLoad,
  file: { path: string; index: number },
  { uri, name }: Staging,
): Promise<void> {
  const session = await Session.open(uri, 0)
  try {
    const position = positionColumn(load)
    const names = load.columns.map(c => c.name)
    const columns = idents(position === null ? names : [...names, position])
    const sql = `COPY ${inStaging(name)} (${columns}) FROM STDIN (FORMAT binary)`
    const first = position === null ? null : BigInt(file.index) << FILE_BITS
    await copyIn(session, { sql, what: `table ${load.table} cannot be staged` }, send =>
      sendFile(load, { path: file.path, first, send }),
    )
  } finally {
    await session.close()
  }
}

async function sendFile(
  load: TableLoad,
  { path, first, send }: { path: string; first: bigint | null; send: Send },
): Promise<void> {
  const schema = schemaOf(load.columns)
  const source = new ParquetFiles(path, schema, {})
  const { size, mtimeMs } = await stat(path)
  const file = { path, bytes: size, version: String(mtimeMs), modified: mtimeMs }
  const { splits } = await source.plan({ splitBytes: Number.POSITIVE_INFINITY }, [file])
  const encoder = new RowEncoder(schema, send)
  let rows = 0n
  for (const split of splits) {
    const reader = source.open(split, {
      wanted: load.columns.map(() => true),
      rowsPerBatch: ROWS_PER_BATCH,
      reject: ({ reason, column }) => {
        throw new Fault('engine', `${path}: column "${column}": ${reason}`, { at: load.at })
      },
      advance: () => {},
    })
    try {
      for (let batch = reader.next(); batch !== null; batch = reader.next()) {
        await encoder.rows(batch, first === null ? null : first + rows)
        rows += BigInt(batch.selected)
      }
    } finally {
      reader.close()
    }
  }
  await encoder.end()
}
