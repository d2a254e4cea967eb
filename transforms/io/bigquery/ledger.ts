/**
 * The ledger of a data set, a table in it: which loads are published. A publication by transaction writes
 * its row in the same transaction. One by copy job cannot: its row is written first, without a time of
 * publication and with the job's id; whoever finds such a row asks the job what became of it, and whoever
 * publishes the same load takes that very job. A row of mode `lock` is changed by each publication before
 * all else: two that run at once would not hear of each other where each but adds rows.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../../engine/fault.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { type Job, jobId, runJob } from './job.ts'
import { referenceOf } from './layout.ts'
import { hashOf, LEDGER, tableOf, text } from './names.ts'
import { pages, select } from './query.ts'
import { asking, dropTable, ensureTable, type Session } from './session.ts'
import { rowOf } from './values.ts'

export interface Entry {
  readonly id: string
  readonly table: string
  /** A load's mode; 'deleted' where `id` names the table that remembers deleted keys; 'lock'. */
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
const COPY_MS = 3600_000
const ASKED_AGAIN_MS = 1000

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

/**
 * Entries of these tables that matter now: of these loads, unfinished ones, and tables of deleted keys;
 * makes the lock where there is none.
 */
export async function entriesOf(
  session: Session,
  tables: readonly string[],
  ids: readonly string[],
): Promise<Entry[]> {
  const { api, dataset } = session
  const result = await select(api, {
    sql: `SELECT id, table_name, mode, job, published IS NOT NULL AS published FROM ${ledgerOf(session)} WHERE table_name IN (${list(tables)}) AND (id IN (${list(ids)}) OR published IS NULL OR mode = 'deleted') OR mode = 'lock'`,
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
  const kept = entries.filter(e => e.mode !== 'lock')
  if (kept.length === entries.length) await makeLock(session)
  return kept
}

/** Two processes may make one each: who changes all of them changes the other's too. */
async function makeLock(session: Session): Promise<void> {
  const statements = [
    `INSERT INTO ${ledgerOf(session)} (id, table_name, mode, row_count, job, published) VALUES ('', '', 'lock', 0, '', CURRENT_TIMESTAMP())`,
  ]
  await transact(session, { statements, subject: `table ${LEDGER}` })
}

/** The first statement of a publication: of two at once the second is refused, and tries again. */
export const lock = (session: Session): string =>
  `UPDATE ${ledgerOf(session)} SET published = CURRENT_TIMESTAMP() WHERE mode = 'lock'`

/** Statements, for a script of the caller's. */
export const forget = (session: Session, table: string): string =>
  `DELETE FROM ${ledgerOf(session)} WHERE table_name = ${text(table)}`

export const remembered = (session: Session, load: TableLoad): string =>
  `SELECT 1 FROM ${ledgerOf(session)} WHERE id = ${text(load.id)} AND table_name = ${text(load.table)} AND published IS NOT NULL`

const rowsOf = (session: Session, load: TableLoad): string =>
  `${ledgerOf(session)} WHERE id = ${text(load.id)} AND table_name = ${text(load.table)}`

export function remember(session: Session, load: TableLoad, job = ''): string[] {
  const time = job === '' ? 'CURRENT_TIMESTAMP()' : 'NULL'
  return [
    `DELETE FROM ${rowsOf(session, load)}`,
    `INSERT INTO ${ledgerOf(session)} (id, table_name, mode, row_count, job, published) VALUES (${text(load.id)}, ${text(load.table)}, ${text(load.options.mode)}, ${Math.trunc(load.rows)}, ${text(job)}, ${time})`,
  ]
}

/**
 * A copy is about to be asked for, by the job of this hash; an append that was begun before, by whichever
 * process, keeps its own. Answers the load's entry.
 */
export async function begin(session: Session, load: TableLoad, job: string): Promise<Entry> {
  const added = remember(session, load, job)
  const statements =
    load.options.mode === 'append'
      ? [
          `IF NOT EXISTS (SELECT 1 FROM ${rowsOf(session, load)}) THEN\n${added.join(';\n')};\nEND IF`,
        ]
      : added
  const subject = `table ${LEDGER}`
  await transact(session, { statements: [lock(session), ...statements], subject })
  const entries = await entriesOf(session, [load.table], [load.id])
  const entry = entries.find(e => e.id === load.id && e.mode !== 'deleted')
  if (entry) return entry
  throw new Fault('resource', `table ${load.table} was replaced while a load of it was published`, {
    at: load.at,
    hint: 'run again',
  })
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
  const end = Date.now() + COPY_MS
  return asking(`table ${entry.table}`, async () => {
    for (let generation = 0; ; generation++) {
      const id = jobId({ hash: entry.job, purpose: 'publish' }, generation)
      const asked = { path: `/jobs/${id}`, query }
      let job = await api.find<Job>(asked)
      while (job && job.status?.state !== 'DONE') {
        if (Date.now() > end) throw stillCopying(entry, id)
        await sleep(ASKED_AGAIN_MS)
        job = await api.find<Job>(asked)
      }
      if (job === null) return false
      if (!job.status?.errorResult) return true
    }
  })
}

const stillCopying = ({ table }: Entry, id: string): Fault =>
  new Fault('resource', `table ${table}: an earlier load is being copied into it still`, {
    detail: [`job   ${id}`],
    hint: 'run again once the job has ended',
  })

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
