/**
 * The embedded warehouse: a DuckDB file. The library is imported when first used (190 ms), its memory
 * and threads are what the run gives it, and it spills into the run's own folder.
 */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { Fault } from '../../../engine/fault.ts'
import type { WarehouseLimits } from '../../../engine/io/sink.ts'
import type { Audit, TableLoad, Warehouse } from '../../../engine/io/warehouse.ts'
import { auditQuery } from './audit.ts'
import { publishStatements, stageStatements, stagingOf, text, typeOf } from './sql.ts'

const LEDGER = 'millrace_staging.loads'
const ROWS_SHOWN = 3

export class DuckDbWarehouse implements Warehouse {
  readonly uri: string
  readonly #path: string
  readonly #limits: WarehouseLimits
  #instance: DuckDBInstance | null = null
  #connection: DuckDBConnection | null = null

  constructor(uri: string, limits: WarehouseLimits) {
    this.uri = uri
    this.#path = uri.replace(/^duckdb:/, '')
    this.#limits = limits
  }

  async check(): Promise<void> {
    const connection = await this.#open()
    await this.#run(connection, 'CREATE SCHEMA IF NOT EXISTS millrace_staging')
    await this.#run(
      connection,
      `CREATE TABLE IF NOT EXISTS ${LEDGER} (id VARCHAR PRIMARY KEY, "table" VARCHAR, rows BIGINT, published TIMESTAMPTZ)`,
    )
  }

  async stage(load: TableLoad): Promise<void> {
    const connection = await this.#open()
    for (const sql of stageStatements(load)) await this.#run(connection, sql, load)
  }

  async publish(loads: readonly TableLoad[]): Promise<void> {
    if (loads.length === 0) return
    const connection = await this.#open()
    await this.#run(connection, 'BEGIN TRANSACTION')
    try {
      for (const load of loads) await this.#publishOne(connection, load)
      for (const load of loads)
        for (const audit of load.options.audit as readonly Audit[])
          await this.#audit(connection, load, audit)
      await this.#run(connection, 'COMMIT')
    } catch (error) {
      await connection.run('ROLLBACK').catch(() => {})
      throw error
    }
    await this.abandon(loads)
    await this.#run(connection, 'CHECKPOINT')
  }

  async #publishOne(connection: DuckDBConnection, load: TableLoad): Promise<void> {
    const known = await connection.runAndReadAll(
      `SELECT 1 FROM ${LEDGER} WHERE id = ${text(load.id)}`,
    )
    if (load.options.mode === 'append' && known.currentRowCount > 0) return
    if (load.options.mode !== 'replace') await this.#compareColumns(connection, load)
    for (const sql of publishStatements(load)) await this.#run(connection, sql, load)
    const row = `${text(load.id)}, ${text(load.table)}, ${load.rows}, now()`
    await this.#run(connection, `INSERT OR REPLACE INTO ${LEDGER} VALUES (${row})`)
  }

  /** A table that exists must have the load's columns. Throws data. */
  async #compareColumns(connection: DuckDBConnection, load: TableLoad): Promise<void> {
    const found = await connection.runAndReadAll(
      `SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = ${text(load.table)} ORDER BY column_index`,
    )
    const rows = found.getRows() as [string, string][]
    if (rows.length === 0) return
    const have = new Map(rows)
    const wrong = load.columns.flatMap(c => {
      const type = have.get(c.name)
      const wanted = typeOf(c.kind)
        .replace('TIMESTAMPTZ', 'TIMESTAMP WITH TIME ZONE')
        .replace(', ', ',')
      if (type === wanted) return []
      return [`${c.name}: expected ${wanted}, the table has ${type ?? 'no such column'}`]
    })
    const extra = rows
      .filter(([n]) => !load.columns.some(c => c.name === n))
      .map(([n]) => `${n}: in the table only`)
    if (wrong.length + extra.length === 0) return
    throw new Fault('data', `table ${load.table} has other columns than what is loaded`, {
      at: load.at,
      detail: [...wrong, ...extra],
      hint: "load with mode 'replace', or change the table first",
    })
  }

  async #audit(connection: DuckDBConnection, load: TableLoad, audit: Audit): Promise<void> {
    const { title, sql } = auditQuery(audit, load.table)
    const failing = await this.#run(connection, sql, load)
    if (failing.length === 0) return
    const shown = failing
      .slice(0, ROWS_SHOWN)
      .map(r => JSON.stringify(r, (_, v) => (typeof v === 'bigint' ? Number(v) : v)))
    throw new Fault(
      'data',
      `audit "${title}" of table ${load.table} failed for ${failing.length} rows`,
      {
        at: load.at,
        detail: [...shown.map(r => `row   ${r}`), `sql   ${sql}`, `kept  ${stagingOf(load)}`],
        hint: 'nothing was published; look at the rows in the staging table',
      },
    )
  }

  async abandon(loads: readonly TableLoad[]): Promise<void> {
    if (this.#connection === null) return
    for (const load of loads)
      await this.#run(this.#connection, `DROP TABLE IF EXISTS ${stagingOf(load)}`)
  }

  async query(sql: string): Promise<Record<string, unknown>[]> {
    return this.#run(await this.#open(), sql)
  }

  async close(): Promise<void> {
    this.#connection?.closeSync()
    this.#instance?.closeSync()
    this.#connection = null
    this.#instance = null
  }

  async #open(): Promise<DuckDBConnection> {
    if (this.#connection) return this.#connection
    const { DuckDBInstance: Instance } = await import('@duckdb/node-api')
    const { memoryBytes, threads, tempDirectory } = this.#limits
    try {
      this.#instance = await Instance.create(this.#path, {
        memory_limit: `${Math.max(64, Math.floor(memoryBytes / 1e6))}MB`,
        threads: String(threads),
        temp_directory: tempDirectory,
      })
      this.#connection = await this.#instance.connect()
    } catch (error) {
      throw this.#openFault(error as Error)
    }
    return this.#connection
  }

  #openFault(error: Error): Fault {
    const pid = /PID (\d+)/.exec(error.message)?.[1]
    if (pid !== undefined)
      return new Fault(
        'resource',
        `duckdb file ${this.#path} is held by another process (pid ${pid})`,
        {
          hint: 'end that process, or write to another file',
        },
      )
    return new Fault(
      'resource',
      `duckdb file ${this.#path} cannot be opened: ${error.message.split('\n')[0]}`,
    )
  }

  async #run(
    connection: DuckDBConnection,
    sql: string,
    load?: TableLoad,
  ): Promise<Record<string, unknown>[]> {
    try {
      return (await connection.runAndReadAll(sql)).getRowObjectsJS() as Record<string, unknown>[]
    } catch (error) {
      const message = (error as Error).message.split('\n')[0]
      throw new Fault('data', `${load ? `table ${load.table}` : this.uri}: ${message}`, {
        ...(load ? { at: load.at } : {}),
        detail: [`sql   ${sql.length > 400 ? `${sql.slice(0, 400)}…` : sql}`],
      })
    }
  }
}
