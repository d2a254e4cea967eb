/**
 * Postgres as a warehouse. Write, audit, publish: shards go into staging tables by binary COPY; one
 * transaction then puts those of all tables in place, audits the result, and remembers the loads in a
 * ledger. Its isolation is that of Postgres: readers see all of it or none, and are not held up.
 */
import { randomUUID } from 'node:crypto'
import { Fault } from '../../../engine/fault.ts'
import type { WarehouseLimits } from '../../../engine/io/sink.ts'
import type { Audit, PublishReceipt, TableLoad, Warehouse } from '../../../engine/io/warehouse.ts'
import { addressOf } from './address.ts'
import { mayPass } from './faults.ts'
import { checkColumns, compareColumns, type Found } from './columns.ts'
import {
  inStaging,
  literal,
  prefixOf,
  quoted,
  STAGING,
  stagingName,
  type TableName,
  tableName,
} from './names.ts'
import { placeStatements } from './place.ts'
import { exportTable } from './preview.ts'
import { queryRows } from './query.ts'
import { retried } from './retry.ts'
import { runAudit } from './run-audit.ts'
import { type Row, Session } from './session.ts'
import { stage } from './stage.ts'

const LEDGER = `${STAGING}.loads`
const LEDGER_COLUMNS =
  'id text PRIMARY KEY, "table" text NOT NULL, rows bigint NOT NULL, published timestamptz NOT NULL, publication uuid NOT NULL'
const LANES_MAX = 4
/** For the server to see that a connection of ours is gone, whose locks are wanted again. */
const RECLAIM_MS = 90_000

/** Where a load's table and its staging table are. */
interface Target {
  readonly name: TableName
  /** Quoted, with its schema. */
  readonly sql: string
  /** Unquoted, in the staging schema. */
  readonly staged: string
}

export class PostgresWarehouse implements Warehouse {
  readonly uri: string
  readonly #address: string
  readonly #limits: WarehouseLimits
  readonly #claimed = new Set<string>()
  /** Staging tables that were without their lock for a while, or went through a crash of the server. */
  readonly #unsure = new Set<string>()
  #session: Session | null = null
  #opening: Promise<Session> | null = null
  #schema = 'public'

  constructor(uri: string, limits: WarehouseLimits) {
    this.#address = uri
    this.uri = addressOf(uri).shown
    this.#limits = limits
  }

  check(): Promise<void> {
    return retried(() => this.#prepare())
  }

  async #prepare(): Promise<void> {
    const session = await this.#open()
    const what = `${this.uri} cannot be written to`
    const [found] = await session.rows(
      `SELECT to_regnamespace('${STAGING}') IS NOT NULL AS schema, to_regclass('${LEDGER}') IS NOT NULL AS ledger, pg_is_in_recovery() AS standby`,
    )
    if (found?.['standby'] === true)
      throw new Fault('resource', `${what}: it is a standby`, {
        hint: 'give the address of the primary',
      })
    if (found?.['ledger'] === true) return
    const schema = found?.['schema'] === true ? [] : [`CREATE SCHEMA IF NOT EXISTS ${STAGING}`]
    const make = [...schema, `CREATE TABLE IF NOT EXISTS ${LEDGER} (${LEDGER_COLUMNS})`]
    // Two runs that begin would both make them.
    await session.transaction({ keep: true }, async () => {
      await session.rows('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [STAGING])
      for (const sql of make) await session.run(sql, { what })
    })
  }

  async stage(load: TableLoad): Promise<void> {
    checkColumns(load)
    await retried(() => this.#claim(load))
    const { staged } = this.#target(load)
    const lanes = Math.min(LANES_MAX, Math.max(1, this.#limits.threads))
    await stage(() => this.#open(), load, { uri: this.#address, name: staged, lanes })
    this.#unsure.delete(staged)
  }

  async preview(loads: readonly TableLoad[], table: string, path: string): Promise<number> {
    const mine = loads.filter(load => load.table === table)
    const [last] = mine.slice(-1)
    if (last === undefined) throw new Fault('engine', `no load of table ${table} is staged`)
    return retried(() => this.#previewOnce(mine, last, path))
  }

  async #previewOnce(mine: readonly TableLoad[], last: TableLoad, path: string): Promise<number> {
    const session = await this.#open()
    return session.transaction({ keep: false }, async () => {
      await this.#checkStaged(session, mine)
      for (const load of mine) await this.#place(session, load, randomUUID())
      return exportTable(session, last, { name: this.#target(last).name, path })
    })
  }

  async publish(loads: readonly TableLoad[]): Promise<readonly PublishReceipt[]> {
    if (loads.length === 0) return []
    const publication = randomUUID()
    const receipts = await retried(() => this.#publishOnce(loads, publication))
    await this.#release(loads)
    return receipts
  }

  async #publishOnce(loads: readonly TableLoad[], publication: string): Promise<PublishReceipt[]> {
    const session = await this.#open()
    return session.transaction({ keep: true }, async () => {
      // In one order, so that two publications never wait for each other.
      for (const table of [...new Set(loads.map(l => this.#target(l).sql))].sort())
        await session.rows('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [table])
      // The answer to a COMMIT may have been lost: then it is done.
      const done = await published(session, loads, publication)
      if (done !== null) return done
      await this.#checkStaged(session, loads)
      const placed: PublishReceipt[] = []
      for (const load of loads) placed.push(await this.#place(session, load, publication))
      for (const load of loads) await this.#clear(session, load)
      // What audits ask is the author's own SQL: from here on it can only read.
      await session.run('SET TRANSACTION READ ONLY')
      for (const load of loads)
        for (const audit of load.options.audit as readonly Audit[])
          await runAudit(session, load, { audit, staged: this.#target(load).staged })
      return placed
    })
  }

  /** Throws resource: the connection had broken, and not all that was staged is there any more. */
  async #checkStaged(session: Session, loads: readonly TableLoad[]): Promise<void> {
    for (const load of loads) {
      const { staged } = this.#target(load)
      if (!this.#unsure.has(staged)) continue
      const [there] = await session.rows('SELECT to_regclass($1) IS NOT NULL AS there', [
        inStaging(staged),
      ])
      const count = `SELECT count(*)::float8 AS rows FROM ${inStaging(staged)}`
      const [found] = there?.['there'] === true ? await session.rows(count) : []
      if (found?.['rows'] !== load.rows)
        throw new Fault('resource', `table ${load.table}: what was staged for it is gone`, {
          at: load.at,
          detail: [`rows  ${found?.['rows'] ?? 'none'} of ${load.rows}`],
          hint: 'the server was restarted, or another run loaded the same rows meanwhile: run again',
        })
    }
  }

  /** A staged load takes its place, unless it is an append that its table already has. */
  async #place(session: Session, load: TableLoad, publication: string): Promise<PublishReceipt> {
    const { id, table, rows, options } = load
    const target = this.#target(load)
    const about = { what: `table ${table} cannot be published`, at: load.at }
    const found = await columnsOf(session, target.sql)
    if (found.length === 0 || options.mode === 'replace') await this.#forget(session, target)
    const known = await session.rows(`SELECT 1 FROM ${LEDGER} WHERE id = $1`, [id], about)
    const adopted = options.mode === 'append' && known.length > 0
    if (adopted) return { id, table, rows, adopted }
    if (options.mode !== 'replace' && found.length > 0) compareColumns(load, found)
    const places = { staged: target.staged, target: target.sql }
    for (const sql of placeStatements(load, places, found)) await session.run(sql, about)
    await session.rows(
      `INSERT INTO ${LEDGER} VALUES ($1, $2, $3, now(), $4) ON CONFLICT (id) DO UPDATE SET "table" = excluded."table", rows = excluded.rows, published = excluded.published, publication = excluded.publication`,
      [id, target.sql, rows, publication],
      about,
    )
    return { id, table, rows, adopted }
  }

  /** A table that is new has no loads and no deleted keys behind it. */
  async #forget(session: Session, { sql }: Target): Promise<void> {
    await session.rows(`DELETE FROM ${LEDGER} WHERE "table" = $1`, [sql])
    for (const name of await stagingTables(session, sql))
      if (name.startsWith(`${prefixOf(sql)}deleted-`))
        await session.run(`DROP TABLE ${inStaging(name)}`)
  }

  /** Drops the load's staging table, and those of its table that dead runs left. */
  async #clear(session: Session, load: TableLoad): Promise<void> {
    const { sql, staged } = this.#target(load)
    for (const name of await stagingTables(session, sql)) {
      if (name.startsWith(`${prefixOf(sql)}deleted-`)) continue
      if (name === staged || (!this.#claimed.has(name) && (await unclaimed(session, name))))
        await session.run(`DROP TABLE ${inStaging(name)}`)
    }
  }

  async abandon(loads: readonly TableLoad[]): Promise<void> {
    if (this.#session === null) return
    await retried(async () => {
      const session = await this.#open()
      for (const load of loads) {
        const what = `the staging table of ${load.table} cannot be removed`
        await session.run(`DROP TABLE IF EXISTS ${inStaging(this.#target(load).staged)}`, { what })
      }
    })
    await this.#release(loads)
  }

  query(statement: string): Promise<Row[]> {
    return retried(async () => queryRows(await this.#open(), statement))
  }

  async close(): Promise<void> {
    const session = this.#session
    this.#session = null
    await session?.close()
  }

  #target(load: TableLoad): Target {
    const given = tableName(load.table)
    const name = { schema: given.schema ?? this.#schema, name: given.name }
    const sql = quoted(name)
    return { name, sql, staged: stagingName(sql, load.id) }
  }

  /** The connection, or another where it broke; what was claimed by it is claimed again. */
  #open(): Promise<Session> {
    if (this.#session?.broken === null) return Promise.resolve(this.#session)
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  async #connect(): Promise<Session> {
    const session = await Session.open(this.#address, 0)
    this.#session?.destroy()
    try {
      const [row] = await session.rows('SELECT current_schema() AS schema')
      this.#schema = (row?.['schema'] as string | null | undefined) ?? 'public'
      if (this.#claimed.size > 0) await this.#reclaim(session)
    } catch (error) {
      session.destroy()
      throw error
    }
    this.#session = session
    return session
  }

  /** Throws resource: another run has what the broken connection had. */
  async #reclaim(session: Session): Promise<void> {
    await session.run(`SET lock_timeout = ${RECLAIM_MS}`)
    for (const staged of this.#claimed) {
      this.#unsure.add(staged)
      const what = `staging table ${staged}: its connection broke, and another run has it`
      await session.rows('SELECT pg_advisory_lock(hashtextextended($1, 1))', [staged], { what })
    }
    await session.run('SET lock_timeout = 0')
  }

  /** Marks a staging table as in use, so that no other run takes it for a leftover. */
  async #claim(load: TableLoad): Promise<void> {
    const session = await this.#open()
    const { staged } = this.#target(load)
    if (this.#claimed.has(staged)) return
    const [row] = await session.rows(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 1)) AS free',
      [staged],
    )
    if (row?.['free'] !== true)
      throw new Fault('resource', `table ${load.table}: another run loads the same rows`, {
        at: load.at,
        hint: 'wait for it to end, or end it',
      })
    this.#claimed.add(staged)
  }

  async #release(loads: readonly TableLoad[]): Promise<void> {
    const names = loads.map(load => this.#target(load).staged).filter(n => this.#claimed.delete(n))
    for (const name of names) this.#unsure.delete(name)
    const unlock = 'SELECT pg_advisory_unlock(hashtextextended(n, 1)) FROM unnest($1::text[]) n'
    await this.#session?.rows(unlock, [names]).catch(error => {
      // A connection that broke has let go of its locks.
      if (!mayPass(error)) throw error
    })
  }
}

export const openWarehouse = (uri: string, limits: WarehouseLimits): Warehouse =>
  new PostgresWarehouse(uri, limits)

/** Columns of a table that stands; none where it does not. */
async function columnsOf(session: Session, table: string): Promise<Found[]> {
  const rows = await session.rows(
    'SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS "notNull" FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum',
    [table],
  )
  return rows as unknown as Found[]
}

async function stagingTables(session: Session, table: string): Promise<string[]> {
  const rows = await session.rows(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = to_regnamespace('${STAGING}') AND relkind = 'r' AND starts_with(relname, ${literal(prefixOf(table))})`,
  )
  return rows.map(r => r['name'] as string)
}

/** Whether no run is at work on a staging table: each holds a lock of its tables' names. */
async function unclaimed(session: Session, name: string): Promise<boolean> {
  const [row] = await session.rows(
    'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 1)) AS free',
    [name],
  )
  return row?.['free'] === true
}

/** Receipts of a publication that was committed; null where it was not. */
async function published(
  session: Session,
  loads: readonly TableLoad[],
  publication: string,
): Promise<PublishReceipt[] | null> {
  const found = await session.rows(`SELECT id FROM ${LEDGER} WHERE publication = $1`, [publication])
  if (found.length === 0) return null
  const ids = new Set(found.map(r => r['id']))
  return loads.map(({ id, table, rows }) => ({ id, table, rows, adopted: !ids.has(id) }))
}
