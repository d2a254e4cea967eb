/**
 * Postgres as a warehouse. Write, audit, publish: shards go into staging tables by binary COPY; one
 * transaction then puts those of all tables in place, audits the result, and remembers the loads in a
 * ledger. Its isolation is that of Postgres: readers see all of it or none, and are not held up.
 */
import { randomUUID } from 'node:crypto'
import { Fault } from '../../../engine/fault.ts'
import type { WarehouseLimits } from '../../../engine/io/sink.ts'
import type {
  Audit,
  PublishReceipt,
  TableLoad,
  Target as Planned,
  Warehouse,
} from '../../../engine/io/warehouse.ts'
import { addressOf } from './address.ts'
import { Claims } from './claims.ts'
import { checkColumns, compareColumns } from './columns.ts'
import {
  columnsOf,
  forget,
  hasDeleted,
  isKnown,
  prepare,
  published,
  remember,
  stagingTables,
} from './ledger.ts'
import { inStaging, quoted, stagingName, type TableName, tableName } from './names.ts'
import { placeStatements } from './place.ts'
import { exportTable } from './preview.ts'
import { queryRows } from './query.ts'
import { retried } from './retry.ts'
import { runAudit } from './run-audit.ts'
import type { Row, Session } from './session.ts'
import { stage } from './stage.ts'

const LANES_MAX = 4

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
  readonly #claims: Claims

  constructor(uri: string, limits: WarehouseLimits) {
    this.#address = uri
    this.uri = addressOf(uri).shown
    this.#limits = limits
    this.#claims = new Claims(uri)
  }

  async check(planned: readonly Planned[] = []): Promise<void> {
    for (const target of planned) checkColumns(target)
    await retried(() => this.#checkOnce(planned))
  }

  async #checkOnce(planned: readonly Planned[]): Promise<void> {
    const session = await this.#claims.open()
    await prepare(session, this.uri)
    const sqlOf = ({ table }: Planned): string => quoted(this.#nameOf(table))
    const replaced = planned.filter(p => p.options.mode === 'replace').map(sqlOf)
    for (const target of planned)
      if (!replaced.includes(sqlOf(target)))
        compareColumns(target, await columnsOf(session, sqlOf(target)))
  }

  async stage(load: TableLoad): Promise<void> {
    checkColumns(load)
    // The connection knows where a table without a schema is.
    const staged = await retried(async () => {
      await this.#claims.open()
      const { staged: name } = this.#target(load)
      await this.#claims.claim(load, name)
      return name
    })
    const lanes = Math.min(LANES_MAX, Math.max(1, this.#limits.threads))
    await stage(() => this.#claims.open(), load, { uri: this.#address, name: staged, lanes })
    this.#claims.unsure.delete(staged)
  }

  async preview(loads: readonly TableLoad[], table: string, path: string): Promise<number> {
    const mine = loads.filter(load => load.table === table)
    const [last] = mine.slice(-1)
    if (last === undefined) throw new Fault('engine', `no load of table ${table} is staged`)
    return retried(() => this.#previewOnce(mine, last, path))
  }

  async #previewOnce(mine: readonly TableLoad[], last: TableLoad, path: string): Promise<number> {
    const session = await this.#claims.open()
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
    await this.#claims.release(loads.map(load => this.#target(load).staged))
    return receipts
  }

  async #publishOnce(loads: readonly TableLoad[], publication: string): Promise<PublishReceipt[]> {
    const session = await this.#claims.open()
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
      if (!this.#claims.unsure.has(staged)) continue
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
    if (found.length === 0 || options.mode === 'replace') await forget(session, target.sql)
    const adopted = options.mode === 'append' && (await isKnown(session, id, about))
    if (adopted) return { id, table, rows, adopted }
    compareColumns(load, found)
    const places = { staged: target.staged, target: target.sql }
    for (const sql of placeStatements(load, places, found)) await session.run(sql, about)
    await remember(session, load, { ...about, sql: target.sql, publication })
    return { id, table, rows, adopted }
  }

  /** Drops the load's staging table, and those of its table that dead runs left. */
  async #clear(session: Session, load: TableLoad): Promise<void> {
    const { sql, staged } = this.#target(load)
    for (const name of await stagingTables(session, sql)) {
      if (hasDeleted(name, sql)) continue
      if (name === staged || (await this.#claims.isFree(session, name)))
        await session.run(`DROP TABLE ${inStaging(name)}`)
    }
  }

  async abandon(loads: readonly TableLoad[]): Promise<void> {
    if (!this.#claims.isOpen) return
    await retried(async () => {
      const session = await this.#claims.open()
      for (const load of loads) {
        const what = `the staging table of ${load.table} cannot be removed`
        await session.run(`DROP TABLE IF EXISTS ${inStaging(this.#target(load).staged)}`, { what })
      }
    })
    await this.#claims.release(loads.map(load => this.#target(load).staged))
  }

  query(statement: string): Promise<Row[]> {
    return retried(async () => queryRows(await this.#claims.open(), statement))
  }

  close(): Promise<void> {
    return this.#claims.close()
  }

  #nameOf(table: string): TableName {
    const { schema, name } = tableName(table)
    return { schema: schema ?? this.#claims.schema, name }
  }

  #target(load: TableLoad): Target {
    const name = this.#nameOf(load.table)
    const sql = quoted(name)
    return { name, sql, staged: stagingName(sql, load.id) }
  }
}

export const openWarehouse = (uri: string, limits: WarehouseLimits): Warehouse =>
  new PostgresWarehouse(uri, limits)
