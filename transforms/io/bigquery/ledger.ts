/**
 * The ledger of a data set, a table in it: which loads are published. A publication by transaction writes
 * its row in the same transaction. One by copy job cannot: its row is written first, without a time of
 * publication and with the job's id; whoever finds such a row asks the job what became of it.
 */
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { runJob } from './job.ts'
import { referenceOf } from './layout.ts'
import { hashOf, LEDGER, tableOf, text } from './names.ts'
import { pages, select } from './query.ts'
import { asking, dropTable, ensureTable, type Session } from './session.ts'
import { rowOf } from './values.ts'

export interface Entry {
  readonly id: string
  readonly table: string
  /** A load's mode; 'deleted' where `id` names the table that remembers deleted keys. */
  readonly mode: string
  /** Hash of the copy job that publishes it; empty where a transaction did. */
  readonly job: string
  readonly published: boolean
}

const FIELDS = [
  { name: 'id', type: 'STRING', mode: 'REQUIRED' },
  { name: 'table_name', type: 'STRING', mode: 'REQUIRED' },
  { name: 'mode', type: 'STRING', mode: 'REQUIRED' },
  { name: 'row_count', type: 'INT64', mode: 'REQUIRED' },
  { name: 'job', type: 'STRING', mode: 'REQUIRED' },
  { name: 'published', type: 'TIMESTAMP', mode: 'NULLABLE' },
]
const DML_MS = 600_000
/** More of them come page by page. */
const ENTRIES_FIRST = 1000

export async function createLedger(session: Session): Promise<void> {
  const table = {
    tableReference: referenceOf(session.dataset, LEDGER),
    schema: { fields: FIELDS },
    description: 'Which loads are published, so that none is done twice',
  }
  await ensureTable(session, table, { table: LEDGER, at: '' })
}

const ledgerOf = ({ dataset }: Session): string => tableOf(dataset, LEDGER)
const list = (values: readonly string[]): string => values.map(text).join(', ')

/** Entries of these tables that matter now: of these loads, unfinished ones, and tables of deleted keys. */
export async function entriesOf(
  session: Session,
  tables: readonly string[],
  ids: readonly string[],
): Promise<Entry[]> {
  const { api, dataset } = session
  const result = await select(api, {
    sql: `SELECT id, table_name, mode, job, published IS NOT NULL AS published FROM ${ledgerOf(session)} WHERE table_name IN (${list(tables)}) AND (id IN (${list(ids)}) OR published IS NULL OR mode = 'deleted')`,
    dataset,
    subject: `table ${LEDGER}`,
    first: ENTRIES_FIRST,
  })
  const entries: Entry[] = []
  for await (const page of pages(api, result, 0, result.rows))
    for (const cells of page) {
      const row = rowOf(result.fields, cells)
      entries.push({
        id: row['id'] as string,
        table: row['table_name'] as string,
        mode: row['mode'] as string,
        job: row['job'] as string,
        published: row['published'] as boolean,
      })
    }
  return entries
}

/** Statements, for a script of the caller's. */
export const forget = (session: Session, table: string): string =>
  `DELETE FROM ${ledgerOf(session)} WHERE table_name = ${text(table)}`

export const remembered = (session: Session, load: TableLoad): string =>
  `SELECT 1 FROM ${ledgerOf(session)} WHERE id = ${text(load.id)} AND table_name = ${text(load.table)} AND published IS NOT NULL`

export function remember(session: Session, load: TableLoad, job = ''): string[] {
  const time = job === '' ? 'CURRENT_TIMESTAMP()' : 'NULL'
  return [
    `DELETE FROM ${ledgerOf(session)} WHERE id = ${text(load.id)} AND table_name = ${text(load.table)}`,
    `INSERT INTO ${ledgerOf(session)} (id, table_name, mode, row_count, job, published) VALUES (${text(load.id)}, ${text(load.table)}, ${text(load.options.mode)}, ${Math.trunc(load.rows)}, ${text(job)}, ${time})`,
  ]
}

export const rememberDeleted = (session: Session, table: string, graves: string): string =>
  `INSERT INTO ${ledgerOf(session)} (id, table_name, mode, row_count, job, published) SELECT ${text(graves)}, ${text(table)}, 'deleted', 0, '', CURRENT_TIMESTAMP() FROM (SELECT 1 AS one) WHERE NOT EXISTS (SELECT 1 FROM ${ledgerOf(session)} WHERE id = ${text(graves)} AND mode = 'deleted')`

/** Runs statements in one transaction, once, whether or not its answer is heard. */
export async function transact(
  session: Session,
  o: {
    readonly declare?: readonly string[]
    readonly statements: readonly string[]
    readonly subject: string
    readonly at?: string
    readonly deadlineMs?: number
  },
): Promise<string> {
  const { api, dataset } = session
  const body = ['BEGIN TRANSACTION', ...o.statements, 'COMMIT TRANSACTION']
  const { id } = await runJob(api, {
    hash: hashOf(crypto.randomUUID()),
    purpose: 'publish',
    configuration: {
      query: {
        query: `${[...(o.declare ?? []), ...body].join(';\n')};`,
        useLegacySql: false,
        defaultDataset: { projectId: dataset.project, datasetId: dataset.dataset },
      },
    },
    location: dataset.location,
    subject: o.subject,
    ...(o.at ? { at: o.at } : {}),
    deadlineMs: o.deadlineMs ?? DML_MS,
    rows: 0,
  })
  return id
}

/** What is remembered of a table that is no more, or is another one, goes: loads, and deleted keys. */
export async function forgetTable(
  session: Session,
  table: string,
  entries: readonly Entry[],
): Promise<void> {
  const graves = entries.filter(e => e.table === table && e.mode === 'deleted')
  for (const { id } of graves) await dropTable(session, id)
  await transact(session, { statements: [forget(session, table)], subject: `table ${LEDGER}` })
}

/** A publication by copy that was begun: true where its job has succeeded, waited for if it is at work. */
export async function copied(session: Session, entry: Entry): Promise<boolean> {
  const { api, dataset } = session
  const query = dataset.location === null ? {} : { location: dataset.location }
  return asking(`table ${entry.table}`, async () => {
    for (let generation = 0; ; generation++) {
      const path = `/jobs/millrace_${entry.job}_publish_${generation}`
      let job = await api.find<{ status?: { state?: string; errorResult?: object } }>({
        path,
        query,
      })
      for (let tries = 0; job && job.status?.state !== 'DONE' && tries < 600; tries++) {
        await new Promise(resolve => setTimeout(resolve, 1000))
        job = await api.find({ path, query })
      }
      if (job === null) return false
      if (!job.status?.errorResult) return true
    }
  })
}

/** Its copy job has succeeded: the entry counts. A table that was replaced has forgotten all before. */
export async function finish(
  session: Session,
  { id, table, mode }: Entry,
  entries: readonly Entry[],
): Promise<void> {
  const which = `table_name = ${text(table)} AND id = ${text(id)}`
  const statements = [
    `UPDATE ${ledgerOf(session)} SET published = CURRENT_TIMESTAMP() WHERE ${which}`,
  ]
  if (mode === 'replace') {
    for (const e of entries) if (e.mode === 'deleted') await dropTable(session, e.id)
    statements.unshift(`${forget(session, table)} AND id <> ${text(id)}`)
  }
  await transact(session, { statements, subject: `table ${LEDGER}` })
}

/** Its copy job was never asked for, or has failed: the entry goes. */
export async function undo(session: Session, { id, table, job }: Entry): Promise<void> {
  const which = `table_name = ${text(table)} AND id = ${text(id)} AND job = ${text(job)}`
  const statements = [`DELETE FROM ${ledgerOf(session)} WHERE ${which} AND published IS NULL`]
  await transact(session, { statements, subject: `table ${LEDGER}` })
}
