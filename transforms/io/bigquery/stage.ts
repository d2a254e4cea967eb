/**
 * Staging: a load's shards go to the bucket, then by one load job into a staging table of the load's own,
 * which was made before with the partitions that its table has. Whatever was done of it, it can be asked
 * for again: a staging table that has all rows is taken as it is, jobs are taken over by their ids.
 */
import { stat } from 'node:fs/promises'
import { Fault } from '../../../engine/fault.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import type { ErrorProto } from './failure.ts'
import { runJob } from './job.ts'
import { referenceOf, stagingTable, type TableInfo } from './layout.ts'
import { hashOf, stagingName } from './names.ts'
import { eachOf, type Place, removeShards, sendShards, shardNames } from './place.ts'
import { withPosition } from './position.ts'
import { createTable, dropTable, type Session, tableInfo } from './session.ts'
import { type Chunk, chunksOf } from './shards.ts'

/** A failed audit's rows can be looked at so long. */
const STAGING_MS = 3 * 86_400_000
/** A load job is ended by the service after six hours. */
const LOAD_MS = 6.5 * 3600_000
const JOBS_MAX = 8
const STATS_MAX = 64

/** `standing`: the table that it goes into, null where there is none. */
export async function stageLoad(
  session: Session,
  load: TableLoad,
  o: { place: Place; standing: TableInfo | null },
): Promise<void> {
  const staging = await stagingFor(session, load, o.standing)
  if (Number(staging.numRows ?? 0) === load.rows) return
  const { files } = load
  const bytes = new Array<number>(files.length).fill(0)
  await eachOf(files, STATS_MAX, async (path, i) => {
    bytes[i] = (await stat(path)).size
  })
  const chunks = chunksOf(load, bytes)
  const names = shardNames(o.place, hashOf('shards', load.id, load.table), files.length)
  const same = async (path: string) => ({ path, release: async () => {} })
  try {
    await sendShards(o.place, files, {
      names,
      prepared: (path, index) =>
        load.options.mode === 'merge' ? withPosition(path, load.columns, index) : same(path),
    })
    await eachOf(chunks, JOBS_MAX, chunk =>
      loadChunk(session, load, { chunk, names, place: o.place, staging }),
    )
  } finally {
    await removeShards(o.place, names)
  }
  await countRows(session, load)
}

/** The load's staging table: one that holds something else than its rows is not its own. */
async function stagingFor(
  session: Session,
  load: TableLoad,
  standing: TableInfo | null,
): Promise<TableInfo> {
  const table = stagingName(load)
  const expiresAt = Date.now() + STAGING_MS
  const json = stagingTable(load, { dataset: session.dataset, table, standing, expiresAt })
  return createTable(session, json, load)
}

async function loadChunk(
  session: Session,
  load: TableLoad,
  o: { chunk: Chunk; names: readonly string[]; place: Place; staging: TableInfo },
): Promise<void> {
  const { chunk, names, place, staging } = o
  const table = stagingName(load)
  const sourceUris = names.slice(chunk.from, chunk.to).map(name => `gs://${place.bucket}/${name}`)
  const parts = session.dataset
  await runJob(session.api, {
    // A staging table that went and was made anew has none of its rows: other jobs, other ids.
    hash: hashOf(
      parts.project,
      parts.dataset,
      load.id,
      load.table,
      staging.creationTime,
      chunk.index,
    ),
    purpose: 'load',
    configuration: {
      load: {
        sourceUris,
        sourceFormat: 'PARQUET',
        destinationTable: referenceOf(parts, table),
        schema: staging.schema,
        createDisposition: 'CREATE_NEVER',
        writeDisposition: 'WRITE_APPEND',
        decimalTargetTypes: ['NUMERIC', 'BIGNUMERIC'],
        parquetOptions: { enableListInference: true },
      },
    },
    location: parts.location,
    subject: `table ${load.table}`,
    at: load.at,
    deadlineMs: LOAD_MS,
    detail: errors => filesNamed(load, { errors, names, chunk }),
  })
}

const FILES_SHOWN = 3

/** Files that the errors speak of, by their names here; where they speak of none, the first of the job. */
function filesNamed(
  { files }: TableLoad,
  o: { errors: readonly ErrorProto[]; names: readonly string[]; chunk: Chunk },
): string[] {
  const { errors, names, chunk } = o
  const told = errors.map(e => `${e.location ?? ''} ${e.message ?? ''}`).join('\n')
  const all = Array.from({ length: chunk.to - chunk.from }, (_, i) => chunk.from + i)
  const named = all.filter(i => told.includes(names[i] as string))
  const shown = (named.length > 0 ? named : all).slice(0, FILES_SHOWN)
  const more = (named.length > 0 ? named : all).length - shown.length
  return [...shown.map(i => `file  ${files[i]}`), ...(more > 0 ? [`and   ${more} more files`] : [])]
}

async function countRows(session: Session, load: TableLoad): Promise<void> {
  const { numRows = '0' } = (await tableInfo(session, stagingName(load))) ?? {}
  if (Number(numRows) === load.rows) return
  // Not to be taken for the load's by a later run.
  await dropTable(session, stagingName(load))
  throw new Fault('engine', `table ${load.table}: ${numRows} rows staged of ${load.rows} written`, {
    at: load.at,
  })
}
