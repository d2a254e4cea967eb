/**
 * The embedded warehouse: a DuckDB file. Its memory and threads are what the run gives it, and it
 * spills into the run's own folder. Write, audit, publish: shards go into staging tables; one
 * transaction then puts them in place, audits the result, and remembers the loads in a ledger.
 */
import { Fault } from '../../../engine/fault.ts'
import type { WarehouseLimits } from '../../../engine/io/sink.ts'
import type {
  Audit,
  PublishReceipt,
  TableLoad,
  Target,
  Warehouse,
} from '../../../engine/io/warehouse.ts'
import { checkColumns, compareColumns } from './columns.ts'
import {
  deletedTables,
  fold,
  name,
  STAGING,
  stagingLeft,
  stagingName,
  stagingOf,
  text,
} from './names.ts'
import { runAudit } from './run-audit.ts'
import { type Row, Session } from './session.ts'
import * as sql from './sql.ts'

const LEDGER = `${STAGING}.loads`
const LEDGER_COLUMNS = 'id VARCHAR PRIMARY KEY, "table" VARCHAR, rows BIGINT, published TIMESTAMPTZ'

export class DuckDbWarehouse implements Warehouse {
  readonly uri: string
  readonly #limits: WarehouseLimits
  #session: Promise<Session> | null = null
  #last: Promise<unknown> = Promise.resolve()

  constructor(uri: string, limits: WarehouseLimits) {
    this.uri = uri
    this.#limits = limits
  }

  async check(targets: readonly Target[] = []): Promise<void> {
    for (const target of targets) checkColumns(target)
    const session = await this.#open()
    await session.prepare(
      `CREATE SCHEMA IF NOT EXISTS ${STAGING}`,
      `CREATE TABLE IF NOT EXISTS ${LEDGER} (${LEDGER_COLUMNS})`,
    )
    const replaced = targets.filter(t => t.options.mode === 'replace').map(t => fold(t.table))
    for (const target of targets)
      if (!replaced.includes(fold(target.table)))
        compareColumns(target, await columnsOf(session, target.table))
  }

  async stage(load: TableLoad): Promise<void> {
    checkColumns(load)
    return this.#inTurn(() => this.#stage(load))
  }

  async #stage(load: TableLoad): Promise<void> {
    const session = await this.#open()
    session.claim(stagingName(load))
    let rows = 0
    for (const statement of sql.stageStatements(load)) rows = await session.run(statement, load)
    if (rows === load.rows) return
    throw new Fault('engine', `table ${load.table}: ${rows} rows staged of ${load.rows} written`, {
      at: load.at,
    })
  }

  preview(loads: readonly TableLoad[], table: string, path: string): Promise<number> {
    return this.#inTurn(async () => {
      const session = await this.#open()
      return session.transaction(false, async () => {
        for (const load of loads) if (load.table === table) await place(session, load)
        return session.run(sql.exportStatement(table, path))
      })
    })
  }

  /** One after the other: there is one connection, and what a preview does is undone with all beside it. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act, act)
    this.#last = turn
    return turn
  }

  async publish(loads: readonly TableLoad[]): Promise<readonly PublishReceipt[]> {
    if (loads.length === 0) return []
    const session = await this.#open()
    const receipts = await session.transaction(true, async () => {
      const placed: PublishReceipt[] = []
      for (const load of loads) placed.push(await place(session, load))
      for (const load of loads)
        for (const audit of load.options.audit as readonly Audit[])
          await runAudit(session, load, audit)
      for (const load of loads) await clearStaging(session, load)
      return placed
    })
    for (const load of loads) session.release(stagingName(load))
    session.keep()
    await session.checkpoint()
    return receipts
  }

  async abandon(loads: readonly TableLoad[]): Promise<void> {
    const session = await this.#session
    if (!session) return
    for (const load of loads) {
      await session.run(`DROP TABLE IF EXISTS ${stagingOf(load)}`, load)
      session.release(stagingName(load))
    }
  }

  async query(statement: string): Promise<Row[]> {
    const session = await this.#open()
    session.keep()
    return session.rows(statement)
  }

  async close(): Promise<void> {
    const session = await this.#session
    this.#session = null
    session?.close()
  }

  #open(): Promise<Session> {
    this.#session ??= Session.open(this.uri, this.#limits).catch(error => {
      this.#session = null
      throw error
    })
    return this.#session
  }
}

/** A staged load takes its place, unless it is an append that its table already has. */
async function place(session: Session, load: TableLoad): Promise<PublishReceipt> {
  const { id, table, rows, options } = load
  const found = await columnsOf(session, table)
  if (found.length === 0 || options.mode === 'replace') await forget(session, load)
  const known = await session.rows(`SELECT 1 FROM ${LEDGER} WHERE id = ${text(id)}`, load)
  const adopted = options.mode === 'append' && known.length > 0
  if (adopted) return { id, table, rows, adopted }
  compareColumns(load, found)
  for (const statement of sql.publishStatements(load)) await session.run(statement, load)
  const entry = `${text(id)}, ${text(table)}, ${rows}, now()`
  await session.run(`INSERT OR REPLACE INTO ${LEDGER} VALUES (${entry})`, load)
  return { id, table, rows, adopted }
}

/** A table that is new has no loads and no deleted keys behind it. */
async function forget(session: Session, load: TableLoad): Promise<void> {
  await session.run(`DELETE FROM ${LEDGER} WHERE lower("table") = ${text(fold(load.table))}`, load)
  for (const row of await session.rows(deletedTables(load.table), load))
    await session.run(`DROP TABLE ${STAGING}.${name(row['table_name'] as string)}`, load)
}

/** Names and types of a table that stands; none where it does not. */
async function columnsOf(session: Session, table: string): Promise<[string, string][]> {
  const found = await session.rows(
    `SELECT column_name AS c, data_type AS t FROM duckdb_columns() WHERE database_name = current_database() AND schema_name = 'main' AND lower(table_name) = ${text(fold(table))} ORDER BY column_index`,
  )
  return found.map(r => [r['c'] as string, r['t'] as string])
}

/** Drops the load's staging table, and those of its table that killed or failed runs left. */
async function clearStaging(session: Session, load: TableLoad): Promise<void> {
  const own = stagingName(load)
  for (const row of await session.rows(stagingLeft(load), load)) {
    const left = row['table_name'] as string
    if (left === own || !session.inUse(left))
      await session.run(`DROP TABLE ${STAGING}.${name(left)}`, load)
  }
}
