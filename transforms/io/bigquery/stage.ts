/**
 * Staging: a load's shards go to the bucket, then by one load job into a staging table of the load's own,
 * which was made before with the partitions that its table has. Whatever was done of it, it can be asked
 * for again: a staging table that has all rows is taken as it is, jobs are taken over by their ids.
 */
import { Fault } from '../../../engine/fault.ts'
import type { LoadJob, TableLoad } from '../../../engine/io/warehouse.ts'
import type { ErrorProto } from './failure.ts'
import { runJob } from './job.ts'
import { referenceOf, stagingTable, type TableInfo } from './layout.ts'
import { loadsJson, parseStatements, textField, textName } from './json-columns.ts'
import { transact } from './ledger.ts'
import { hashOf, stagingName } from './names.ts'
import { each } from '../objects/each.ts'
import { type Place, removeShards, sendShards } from './place.ts'
import { withPosition } from './position.ts'
import { createTable, dropTable, type Session, tableInfo } from './session.ts'
import { type Chunk, planShards, urisOf } from './shards.ts'

/** A failed audit's rows can be looked at so long. */
const STAGING_MS = 3 * 86_400_000
/** A load job is ended by the service after six hours. */
const LOAD_MS = 6.5 * 3600_000
const JOBS_MAX = 8

/**
 * Sends a load's shards, and asks for their load; answers when they are sent. `loaded` settles when all
 * rows are staged, so that the loads of several tables are under way at once.
 */
export async function stageLoad(
  session: Session,
  load: TableLoad,
  o: { place: Place; standing: TableInfo | null },
): Promise<{ readonly loaded: Promise<readonly LoadJob[]> }> {
  const { place } = o
  const staging = await stagingFor(session, load, o.standing)
  if (Number(staging.numRows ?? 0) === load.rows) {
    // Whoever loaded them may have been killed before they were removed.
    await removeShards(urisOf(load, place))
    return { loaded: Promise.resolve([]) }
  }
  const { uris, chunks } = await planShards(load, place)
  const same = async (path: string) => ({ path, release: async () => {} })
  const prepared = (path: string, index: number) =>
    load.options.mode === 'merge' ? withPosition(path, load.columns, index) : same(path)
  const clean = () => removeShards(uris)
  await cleanedUp(() => sendShards(load.files, { uris, prepared }), clean)
  const parses = loadsJson(load)
  const into = parses ? await textsFor(session, load, staging) : staging
  const jobs: LoadJob[] = []
  const loadOne = async (chunk: Chunk) => {
    const id = await loadChunk(session, load, { chunk, uris, into })
    jobs[chunk.index] = { id, uris: chunk.to - chunk.from, bytes: chunk.bytes }
  }
  const loadAll = () => each(chunks, loadOne, { parallel: JOBS_MAX })
  const loaded = cleanedUp(loadAll, clean).then(async () => {
    await Promise.all([clean(), parses ? parseTexts(session, load) : null])
    await countRows(session, load)
    return jobs
  })
  // Whoever publishes hears of it.
  loaded.catch(() => {})
  return { loaded }
}

/** Where `work` fails, what it left is removed before its failure is told. */
async function cleanedUp<T>(work: () => Promise<T>, clean: () => Promise<void>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const left = await clean().catch(cause => cause as Error)
    if (!left || !(error instanceof Fault)) throw error
    const { kind, message, at, detail, hint } = error
    const told = [...detail, `left  ${left.message}`]
    const context = { detail: told, cause: error, ...(at ? { at } : {}), ...(hint ? { hint } : {}) }
    throw new Fault(kind, message, context)
  }
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

/** A table for the load's texts, whose rows go on into its staging table. */
async function textsFor(session: Session, load: TableLoad, staging: TableInfo): Promise<TableInfo> {
  const json = {
    tableReference: referenceOf(session.dataset, textName(load)),
    schema: { fields: (staging.schema?.fields ?? []).map(textField) },
    expirationTime: String(Date.now() + STAGING_MS),
  }
  return createTable(session, json, load)
}

async function parseTexts(session: Session, load: TableLoad): Promise<void> {
  const statements = parseStatements(load, session.dataset)
  const subject = `table ${load.table}`
  await transact(session, { statements, subject, at: load.at, deadlineMs: LOAD_MS })
  await dropTable(session, textName(load))
}

/** The job's id. */
async function loadChunk(
  session: Session,
  load: TableLoad,
  o: { chunk: Chunk; uris: readonly string[]; into: TableInfo },
): Promise<string> {
  const { chunk, uris, into } = o
  const table = into.tableReference?.tableId ?? stagingName(load)
  const sourceUris = uris.slice(chunk.from, chunk.to)
  const parts = session.dataset
  const { id } = await runJob(session.api, {
    // A staging table that went and was made anew has none of its rows: other jobs, other ids.
    hash: hashOf(parts.project, parts.dataset, load.id, load.table, into.creationTime, chunk.index),
    purpose: 'load',
    configuration: {
      load: {
        sourceUris,
        sourceFormat: 'PARQUET',
        destinationTable: referenceOf(parts, table),
        schema: into.schema,
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
    detail: errors => filesNamed(load, { errors, uris, chunk }),
  })
  return id
}

/** With the table of its texts, which a run that was killed has left. */
export async function dropStaging(session: Session, load: TableLoad): Promise<void> {
  const tables = [stagingName(load), ...(loadsJson(load) ? [textName(load)] : [])]
  await Promise.all(tables.map(table => dropTable(session, table)))
}

const FILES_SHOWN = 3

/** Files that the errors speak of, by their names here; where they speak of none, the first of the job. */
function filesNamed(
  { files }: TableLoad,
  o: { errors: readonly ErrorProto[]; uris: readonly string[]; chunk: Chunk },
): string[] {
  const { errors, uris, chunk } = o
  const told = errors.map(e => `${e.location ?? ''} ${e.message ?? ''}`).join('\n')
  const all = Array.from({ length: chunk.to - chunk.from }, (_, i) => chunk.from + i)
  const named = all.filter(i => told.includes(uris[i] as string))
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
