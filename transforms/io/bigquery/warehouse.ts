/**
 * The cloud warehouse: a data set of BigQuery. Write, audit, publish: shards are loaded into staging
 * tables, audits ask for the tables as they will stand, and one copy job or transaction puts them there.
 * Everything may be asked for again, by another process too: ids of jobs follow from the loads.
 */
import type { TablePlace } from '../../../engine/io/sink.ts'
import type {
  LoadJob,
  PublishReceipt,
  TableLoad,
  Target,
  Warehouse,
} from '../../../engine/io/warehouse.ts'
import { checkColumns } from './columns.ts'
import { createLedger } from './ledger.ts'
import { stagingName } from './names.ts'
import { checkPlace, type Place, placeOf } from './place.ts'
import { previewOrder, writePreview } from './preview.ts'
import {
  checkPlanned,
  checkTogether,
  findStanding,
  findTables,
  publishLoads,
  standingOf,
} from './publish.ts'
import { PAGE_ROWS, pages, select } from './query.ts'
import { checkRoom, countToday } from './quota.ts'
import { openSession, type Session } from './session.ts'
import { dropStaging, stageLoad } from './stage.ts'
import { asPublished } from './standing.ts'
import { rowOf } from './values.ts'

/** Loads that are staged at once. */
const STAGES_MAX = 8

/** Each has ended when the first failure is thrown: nothing goes on behind a run that was refused. */
async function allOf(...work: readonly Promise<unknown>[]): Promise<void> {
  for (const ended of await Promise.allSettled(work))
    if (ended.status === 'rejected') throw ended.reason
}

export class BigQueryWarehouse implements Warehouse {
  readonly uri: string
  readonly #place: TablePlace
  /** Load jobs that were asked for, by the staging table. */
  readonly #loading = new Map<string, Promise<readonly LoadJob[]>>()
  readonly stagesMax = STAGES_MAX
  #session: Promise<Session> | null = null
  #ledger: Promise<void> | null = null

  constructor(uri: string, place: TablePlace) {
    this.uri = uri
    this.#place = place
  }

  async check(targets: readonly Target[] = []): Promise<void> {
    for (const target of targets) checkColumns(target)
    const place = placeOf(this.#place.staging)
    const reached = async () => {
      const session = await this.#open()
      await allOf(this.#writable(), checkRoom(session, targets), checkPlanned(session, targets))
    }
    await allOf(reached(), checkPlace(place))
  }

  async stage(load: TableLoad): Promise<void> {
    checkColumns(load)
    const place: Place = placeOf(this.#place.staging)
    const session = await this.#writable()
    const { adopted, info: standing } = await findStanding(session, load)
    if (adopted) return
    const { loaded } = await stageLoad(session, load, { place, standing })
    this.#loading.set(stagingName(load), loaded)
  }

  /** Load jobs of each. Throws what became of them. */
  async #loaded(loads: readonly TableLoad[]): Promise<(readonly LoadJob[])[]> {
    const loaded = loads.map(load => this.#loading.get(stagingName(load)))
    return (await Promise.all(loaded)).map(jobs => jobs ?? [])
  }

  async preview(loads: readonly TableLoad[], table: string, path: string): Promise<number> {
    const session = await this.#open()
    checkTogether(loads)
    await this.#loaded(loads)
    const found = await findTables(session, loads)
    const load = loads.find(l => l.table === table) as TableLoad
    const columns = load.columns.map(c => `\`${c.name}\``).join(', ')
    const query = `SELECT ${columns} FROM \`${table}\``
    const seen = { dataset: session.dataset, standing: standingOf(found), query }
    const sql = `${asPublished(loads, seen)}${previewOrder(load)}`
    return writePreview(session, load, { sql, path })
  }

  async publish(
    loads: readonly TableLoad[],
    begun?: () => void,
  ): Promise<readonly PublishReceipt[]> {
    if (loads.length === 0) return []
    checkTogether(loads)
    const session = await this.#open()
    const [today, staged] = await Promise.all([countToday(session), this.#loaded(loads)])
    const receipts = await publishLoads(session, loads, { today, ...(begun ? { begun } : {}) })
    return receipts.map((receipt, i) => ({ ...receipt, loadJobs: staged[i] ?? [] }))
  }

  async abandon(loads: readonly TableLoad[]): Promise<void> {
    const session = await this.#session
    // A job that still runs would load into a table that is gone, and fail; its shards go with it.
    await Promise.allSettled(loads.map(load => this.#loading.get(stagingName(load))))
    if (session) await Promise.all(loads.map(load => dropStaging(session, load)))
  }

  async query(sql: string): Promise<Record<string, unknown>[]> {
    const { api, dataset } = await this.#open()
    const result = await select(api, { sql, dataset, subject: this.uri, first: PAGE_ROWS })
    const rows: Record<string, unknown>[] = []
    for await (const page of pages(api, result, 0, result.rows))
      for (const cells of page) rows.push(rowOf(result.fields, cells))
    return rows
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#loading.values())
    this.#loading.clear()
    this.#session = null
    this.#ledger = null
  }

  /** With its ledger, which is made once. */
  async #writable(): Promise<Session> {
    const session = await this.#open()
    this.#ledger ??= createLedger(session).catch(error => {
      this.#ledger = null
      throw error
    })
    await this.#ledger
    return session
  }

  #open(): Promise<Session> {
    this.#session ??= openSession(this.uri, this.#place.location).catch(error => {
      this.#session = null
      throw error
    })
    return this.#session
  }
}
