/**
 * Publishing: after the audits, staged tables take their places. A single load that replaces a table, or
 * appends to one of its very columns, is one copy job: free, and atomic. All others are one transaction,
 * in which several tables change at once. In a transaction no table can be made or take other columns: so
 * missing ones are made empty before it, and replacements with other columns are copied after it, in order.
 */
import { Fault } from '../../../engine/fault.ts'
import type { PublishReceipt, TableLoad, Target } from '../../../engine/io/warehouse.ts'
import { each } from '../objects/each.ts'
import { runAudits } from './audit.ts'
import { compareColumns, sameShape } from './columns.ts'
import { runJob } from './job.ts'
import { descriptionOf, newTable, partitioningOf, referenceOf, type TableInfo } from './layout.ts'
import * as ledger from './ledger.ts'
import { deletedName, hashOf, stagingName } from './names.ts'
import { runScript } from './publish-script.ts'
import { refuseFull, type Today, usageOf } from './quota.ts'
import { createTable, patchTable, type Session, tableInfo } from './session.ts'
import { dropStaging } from './stage.ts'
import type { Standing } from './standing.ts'

const COPY_MS = 3600_000

/** A load, and what was found of its table. */
export interface Found extends Standing {
  readonly load: TableLoad
  readonly info: TableInfo | null
  /** Tables of deleted keys, and loads by copy that were begun. */
  readonly entries: readonly ledger.Entry[]
}

/** Throws data: a table has other columns than what goes into it. */
export async function findTables(session: Session, loads: readonly TableLoad[]): Promise<Found[]> {
  const [infos, entries] = await Promise.all([
    Promise.all(loads.map(load => tableInfo(session, load.table))),
    ledger.entriesOf(
      session,
      loads.map(l => l.table),
      loads.map(l => l.id),
    ),
  ])
  return loads.map((load, i) => {
    const info = infos[i] ?? null
    const mine = entries.filter(e => e.table === load.table)
    checkKept(load, info)
    const done = mine.some(e => e.id === load.id && e.published)
    const adopted = load.options.mode === 'append' && info !== null && done
    const graves = load.options.deleted === null ? null : deletedName(load)
    const buries = info !== null && mine.some(e => e.mode === 'deleted' && e.id === graves)
    return { load, info, entries: mine, exists: info !== null, adopted, buries }
  })
}

/** Throws data: the table stays, with other columns than what goes into it. */
function checkKept(load: Target, info: TableInfo | null): void {
  if (info !== null && load.options.mode !== 'replace')
    compareColumns(load, info.schema?.fields ?? [])
}

/** What a load finds of its table before it is staged; only an append can be there already. */
export async function findStanding(
  session: Session,
  load: TableLoad,
): Promise<Pick<Found, 'adopted' | 'info'>> {
  if (load.options.mode === 'append') return (await findTables(session, [load]))[0] as Found
  return { adopted: false, info: await checkedInfo(session, load) }
}

/** The table as it stands; null: it does not. Throws data: the load does not fit it. */
async function checkedInfo(session: Session, load: Target): Promise<TableInfo | null> {
  const info = await tableInfo(session, load.table)
  checkKept(load, info)
  partitioningOf(load, info)
  return info
}

/** Before anything is read. Throws pipeline, data: what publishing would refuse, as tables stand now. */
export async function checkPlanned(session: Session, targets: readonly Target[]): Promise<void> {
  checkTogether(targets)
  const found = await each(targets, async load => {
    const info = await checkedInfo(session, load)
    // Whether an append is done already is not known yet: it may be, so it keeps no other from its copy.
    return { load, info, adopted: load.options.mode === 'append' }
  })
  checkCopies(found)
}

export const standingOf = (found: readonly Found[]): Map<TableLoad, Standing> =>
  new Map(found.map(f => [f.load, f]))

/** Throws data: an audit failed; nothing is published then, nor before `begun` is told. */
export async function publishLoads(
  session: Session,
  loads: readonly TableLoad[],
  o: { today: Today; begun?: () => void },
): Promise<PublishReceipt[]> {
  const { today, begun = () => {} } = o
  const found = await settled(session, loads)
  const pending = found.filter(f => !f.adopted)
  const copies = pending.filter(f => copied(f, pending.length))
  for (const { load } of copies) refuseFull(load, today)
  await runAudits(session, { loads, standing: standingOf(found) })
  checkCopies(found)
  await checkStaged(session, found)
  begun()
  for (const f of found)
    if (!f.exists && f.entries.length > 0)
      await ledger.forgetTable(session, f.load.table, f.entries)
  const jobs = await runScript(
    session,
    pending.filter(f => !copies.includes(f)),
  )
  for (const f of copies) {
    const job = await copy(session, f)
    if (job !== null) jobs.push(job)
  }
  await Promise.all([
    ...pending.map(f => describe(session, f)),
    ...loads.map(load => dropStaging(session, load)),
  ])
  return found.map(f => {
    const { id, table, rows } = f.load
    const usage = [usageOf(today, table, copies.includes(f) ? 1 : 0)]
    return { id, table, rows, adopted: f.adopted, jobs, usage }
  })
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
    // One that was not asked for may be yet, by a process that lives: its entry stays.
    if (await ledger.copied(session, entry)) await ledger.finish(session, entry, all)
  }
  return findTables(session, loads)
}

/** What a load finds, as far as it decides how it is published. */
type Planned = Pick<Found, 'info' | 'adopted'> & { readonly load: Target }

/** By a copy job, of so many loads that are published together. */
function copied({ load, info }: Planned, together: number): boolean {
  const fields = info?.schema?.fields
  const fits = fields === undefined || sameShape(load, fields)
  if (load.options.mode === 'replace') return together === 1 || (info !== null && !fits)
  return load.options.mode === 'append' && together === 1 && fits
}

/** Throws data: tables that must appear in one moment cannot. */
function checkCopies(found: readonly Planned[]): void {
  const pending = found.filter(f => !f.adopted)
  for (const f of pending) {
    const { together = null, table, at } = f.load
    const others = pending.filter(o => o !== f && o.load.together === together)
    if (together === null || others.length === 0 || !copied(f, pending.length)) continue
    throw new Fault('data', `table ${table} cannot take other columns together with others`, {
      at,
      detail: [`together  ${others.map(o => o.load.table).join(', ')}`],
      hint: 'no transaction changes columns: drop the table, or write it once without p.publish',
    })
  }
}

/** Throws resource: another run of the same loads was faster, and what was staged has gone with it. */
async function checkStaged(session: Session, found: readonly Found[]): Promise<void> {
  const check = async ({ load }: Found): Promise<void> => {
    const { numRows = null } = (await tableInfo(session, stagingName(load))) ?? {}
    if (numRows !== null && Number(numRows) === load.rows) return
    throw new Fault('resource', `table ${load.table}: what was staged for it is gone`, {
      at: load.at,
      hint: 'has another run loaded the same rows meanwhile? Run again',
    })
  }
  await Promise.all(found.filter(f => !f.adopted).map(check))
}

/** The job; null: another process has published the same append meanwhile. */
async function copy(session: Session, f: Found): Promise<string | null> {
  const { api, dataset } = session
  const { load } = f
  const append = load.options.mode === 'append'
  if (append && !f.exists) await createTable(session, newTable(load, dataset), load)
  const wanted = hashOf('copy', load.id, load.table, crypto.randomUUID())
  const entry = await ledger.begin(session, load, wanted)
  if (entry.published) return null
  const { id } = await runJob(api, {
    hash: entry.job,
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
    subject: `table ${load.table}`,
    at: load.at,
    deadlineMs: COPY_MS,
  })
  await ledger.finish(session, entry, f.entries)
  return id
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
export function checkTogether(loads: readonly Pick<TableLoad, 'table' | 'at'>[]): void {
  const seen = new Map<string, Pick<TableLoad, 'table' | 'at'>>()
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
