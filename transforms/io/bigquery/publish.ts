/**
 * Publishing: after the audits, staged tables take their places. A single load that replaces a table, or
 * appends to one of its very columns, is one copy job: free, and atomic. All others are one transaction,
 * in which several tables change at once. In a transaction no table can be made or take other columns: so
 * missing ones are made empty before it, and replacements with other columns are copied after it, in order.
 */
import { Fault } from '../../../engine/fault.ts'
import type { PublishReceipt, TableLoad } from '../../../engine/io/warehouse.ts'
import { runAudits } from './audit.ts'
import { compareColumns, sameShape } from './columns.ts'
import { runJob } from './job.ts'
import { descriptionOf, newTable, referenceOf, type TableInfo } from './layout.ts'
import * as ledger from './ledger.ts'
import { mergeStatements } from './merge.ts'
import { deletedName, hashOf, names, stagingName } from './names.ts'
import { deletePartitions } from './partition-sql.ts'
import { createTable, dropTable, patchTable, type Session, tableInfo } from './session.ts'
import { placesOf, type Standing } from './standing.ts'
import { fieldOf } from './types.ts'

const COPY_MS = 3600_000
const SCRIPT_MS = 6 * 3600_000

/** A load, and what was found of its table. */
export interface Found extends Standing {
  readonly load: TableLoad
  readonly info: TableInfo | null
  /** Tables of deleted keys, and loads by copy that were begun. */
  readonly entries: readonly ledger.Entry[]
}

/** Throws data: a table has other columns than what goes into it. */
export async function findTables(session: Session, loads: readonly TableLoad[]): Promise<Found[]> {
  const infos = await Promise.all(loads.map(load => tableInfo(session, load.table)))
  const entries = await ledger.entriesOf(
    session,
    loads.map(l => l.table),
    loads.map(l => l.id),
  )
  return loads.map((load, i) => {
    const info = infos[i] ?? null
    const mine = entries.filter(e => e.table === load.table)
    if (info !== null && load.options.mode !== 'replace')
      compareColumns(load, info.schema?.fields ?? [])
    const done = mine.some(e => e.id === load.id && e.published)
    const adopted = load.options.mode === 'append' && info !== null && done
    const graves = load.options.deleted === null ? null : deletedName(load)
    const buries = info !== null && mine.some(e => e.mode === 'deleted' && e.id === graves)
    return { load, info, entries: mine, exists: info !== null, adopted, buries }
  })
}

export const standingOf = (found: readonly Found[]): Map<TableLoad, Standing> =>
  new Map(found.map(f => [f.load, f]))

/** Throws data: an audit failed; nothing is published then. */
export async function publishLoads(
  session: Session,
  loads: readonly TableLoad[],
): Promise<PublishReceipt[]> {
  const found = await settled(session, loads)
  await runAudits(session, loads, standingOf(found))
  for (const f of found)
    if (!f.exists && f.entries.length > 0)
      await ledger.forgetTable(session, f.load.table, f.entries)
  const pending = found.filter(f => !f.adopted)
  const copies = pending.filter(f => copied(f, pending.length))
  const jobs = await runScript(
    session,
    pending.filter(f => !copies.includes(f)),
  )
  for (const f of copies) jobs.push(await copy(session, f))
  await Promise.all(pending.map(f => describe(session, f)))
  await Promise.all(loads.map(load => dropTable(session, stagingName(load))))
  return found.map(({ load: { id, table, rows }, adopted }) => ({ id, table, rows, adopted, jobs }))
}

/** What was found, once publications that were begun and not ended are known for done or not. */
async function settled(session: Session, loads: readonly TableLoad[]): Promise<Found[]> {
  const found = await findTables(session, loads)
  const begun = new Map(
    found
      .flatMap(f => f.entries)
      .filter(e => !e.published)
      .map(e => [`${e.table}\n${e.id}`, e]),
  )
  if (begun.size === 0) return found
  for (const entry of begun.values()) {
    const all = found.flatMap(f => f.entries).filter(e => e.table === entry.table)
    if (await ledger.copied(session, entry)) await ledger.finish(session, entry, all)
    else await ledger.undo(session, entry)
  }
  return findTables(session, loads)
}

/** By a copy job, of so many loads that are published together. */
function copied({ load, info }: Found, together: number): boolean {
  const fields = info?.schema?.fields
  const fits = fields === undefined || sameShape(load, fields)
  if (load.options.mode === 'replace') return together === 1 || (info !== null && !fits)
  return load.options.mode === 'append' && together === 1 && fits
}

async function copy(session: Session, f: Found): Promise<string> {
  const { api, dataset } = session
  const { load } = f
  const append = load.options.mode === 'append'
  if (append && !f.exists) await createTable(session, newTable(load, dataset), load)
  const hash = hashOf('copy', load.id, load.table, crypto.randomUUID())
  const subject = `table ${load.table}`
  const entry = {
    id: load.id,
    table: load.table,
    mode: load.options.mode,
    job: hash,
    published: false,
  }
  await ledger.transact(session, { statements: ledger.remember(session, load, hash), subject })
  const { id } = await runJob(api, {
    hash,
    purpose: 'publish',
    configuration: {
      copy: {
        sourceTable: referenceOf(dataset, stagingName(load)),
        destinationTable: referenceOf(dataset, load.table),
        createDisposition: 'CREATE_IF_NEEDED',
        writeDisposition: append ? 'WRITE_APPEND' : 'WRITE_TRUNCATE',
      },
    },
    location: dataset.location,
    subject,
    at: load.at,
    deadlineMs: COPY_MS,
  })
  await ledger.finish(session, entry, f.entries)
  return id
}

/** All of it becomes visible, or none. */
async function runScript(session: Session, found: readonly Found[]): Promise<string[]> {
  if (found.length === 0) return []
  await Promise.all(found.map(f => makeMissing(session, f)))
  const declare: string[] = []
  const statements: string[] = []
  for (const [index, f] of found.entries()) {
    const made = statementsOf(session, f, index)
    declare.push(...made.declare)
    statements.push(...made.statements)
  }
  const { load } = found[0] as Found
  const subject = `publishing ${found.map(f => f.load.table).join(', ')}`
  const o = { declare, statements, subject, at: load.at, deadlineMs: SCRIPT_MS }
  const job = await ledger.transact(session, o)
  for (const f of found) if (f.load.options.mode === 'replace') await dropGraves(session, f)
  return [job]
}

const dropGraves = async (session: Session, { entries }: Found): Promise<void> => {
  for (const { id, mode } of entries) if (mode === 'deleted') await dropTable(session, id)
}

/** Tables that statements of a transaction need, and cannot make. */
async function makeMissing(session: Session, { load, exists }: Found): Promise<void> {
  if (!exists) await createTable(session, newTable(load, session.dataset), load)
  const { mode, key, latest, deleted } = load.options
  if (mode !== 'merge' || deleted === null) return
  const kept = load.columns.filter(c => key.includes(c.name) || c.name === latest)
  const graves = deletedName(load)
  const table = {
    tableReference: referenceOf(session.dataset, graves),
    schema: { fields: kept.map(c => ({ ...fieldOf(c), mode: 'NULLABLE' })) },
    description: `Keys of ${load.table} whose rows were deleted, and when`,
  }
  await createTable(session, table, load)
}

function statementsOf(
  session: Session,
  { load, entries }: Found,
  index: number,
): { declare: string[]; statements: string[] } {
  const { mode, deleted } = load.options
  const places = placesOf(load, session.dataset, deleted !== null)
  const { target, staging } = places
  const columns = names(load.columns.map(c => c.name))
  const insert = `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${staging}`
  const known = ledger.remember(session, load)
  if (mode === 'append')
    // Another run of this very load may have been faster; the ledger's deletion lets one of the two win.
    return {
      declare: [],
      statements: [
        `IF NOT EXISTS (${ledger.remembered(session, load)}) THEN\n${[insert, ...known].join(';\n')};\nEND IF`,
      ],
    }
  if (mode === 'replace')
    return {
      declare: [],
      statements: [
        `TRUNCATE TABLE ${target}`,
        insert,
        ledger.forget(session, load.table),
        ...known,
      ],
    }
  if (mode === 'replacePartition') {
    const removed = deletePartitions(load, { target, staging, index })
    return { declare: removed.declare, statements: [...removed.statements, insert, ...known] }
  }
  const graves = deletedName(load)
  const buried = deleted !== null && !entries.some(e => e.id === graves)
  return {
    declare: [],
    statements: [
      ...mergeStatements(load, places),
      ...known,
      ...(buried ? [ledger.rememberDeleted(session, load.table, graves)] : []),
    ],
  }
}

/** What people are told of the table, where it is not so yet. */
async function describe(session: Session, { load, info }: Found): Promise<void> {
  const { requirePartitionFilter = false } = load.options.layout ?? {}
  const wanted = {
    ...descriptionOf(load),
    ...(requirePartitionFilter ? { requirePartitionFilter } : {}),
  }
  if (Object.keys(wanted).length === 0) return
  const replaces = load.options.mode === 'replace'
  // A new one was made with it.
  const has: TableInfo = info === null ? wanted : info
  const differs = Object.entries(wanted).some(
    ([key, value]) => JSON.stringify(has[key as keyof TableInfo]) !== JSON.stringify(value),
  )
  if (replaces || differs) await patchTable(session, load.table, wanted)
}

/** Throws pipeline: two of these loads go into one table. */
export function checkTogether(loads: readonly TableLoad[]): void {
  const seen = new Map<string, TableLoad>()
  for (const load of loads) {
    const key = load.table.toLowerCase()
    const twin = seen.get(key)
    if (twin)
      throw new Fault('pipeline', `tables ${twin.table} and ${load.table} are published together`, {
        at: load.at,
        hint: 'names that differ in case alone cannot be told apart in one query: rename one',
      })
    seen.set(key, load)
  }
}
