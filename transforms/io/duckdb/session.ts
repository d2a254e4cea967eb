/** One connection to a DuckDB file: statements, their rows, their errors as faults. */
import type { DuckDBType } from '@duckdb/node-api'
import { Fault } from '../../../engine/fault.ts'
import type { WarehouseLimits } from '../../../engine/io/sink.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { openFault, statementFault } from './errors.ts'
import { type Connected, connect } from './instance.ts'

export type Row = Record<string, unknown>

/** Whose a statement is, for its fault. */
type Subject = Pick<TableLoad, 'table'> & { readonly at?: string }

export class Session {
  readonly #uri: string
  readonly #path: string
  readonly #connected: Connected
  readonly #claimed = new Set<string>()

  /** `readOnly`: as several processes may at once; the file must be there. */
  static async open(
    uri: string,
    limits: WarehouseLimits,
    o: { readonly readOnly?: boolean } = {},
  ): Promise<Session> {
    const path = uri.replace(/^duckdb:/, '')
    try {
      return new Session(uri, path, await connect(path, limits, o))
    } catch (error) {
      throw openFault(error, path, o)
    }
  }

  constructor(uri: string, path: string, connected: Connected) {
    this.#uri = uri
    this.#path = path
    this.#connected = connected
  }

  /** Marks a staging table as in use, so that no other run of this process takes it for a leftover. */
  claim(table: string): void {
    this.#claimed.add(table)
    this.#connected.staged.add(table)
  }

  release(table: string): void {
    this.#claimed.delete(table)
    this.#connected.staged.delete(table)
  }

  inUse(table: string): boolean {
    return this.#connected.staged.has(table)
  }

  /** Rows that the statement changed. `load` says whose it is, for the fault. */
  async run(statement: string, load?: Subject): Promise<number> {
    try {
      return (await this.#connected.connection.run(statement)).rowsChanged
    } catch (error) {
      throw this.#fault(error, statement, load)
    }
  }

  async rows(statement: string, load?: Subject): Promise<Row[]> {
    const rows: Row[] = []
    for await (const some of this.stream(statement, load)) for (const row of some) rows.push(row)
    return rows
  }

  /** Names and types of a query's columns. */
  async columns(statement: string): Promise<[string, DuckDBType][]> {
    try {
      const result = await this.#connected.connection.run(statement)
      const types = result.columnTypes()
      return result.columnNames().map((name, i) => [name, types[i] as DuckDBType])
    } catch (error) {
      throw this.#fault(error, statement)
    }
  }

  /** Some rows at a time. */
  async *stream(statement: string, load?: Subject): AsyncGenerator<Row[]> {
    try {
      const result = await this.#connected.connection.stream(statement)
      const names = result.deduplicatedColumnNames()
      // From entries, as a column may be named __proto__.
      for await (const rows of result.yieldRowsJs())
        yield rows.map(row => Object.fromEntries(names.map((name, i) => [name, row[i]])))
    } catch (error) {
      throw this.#fault(error, statement, load)
    }
  }

  /** Statements that show whether the file can be written. Throws resource. */
  async prepare(...statements: string[]): Promise<void> {
    try {
      for (const statement of statements) await this.#connected.connection.run(statement)
    } catch (error) {
      throw openFault(error, this.#path)
    }
  }

  /** Runs `work` in a transaction that is undone where it throws, or where `keep` is false. */
  async transaction<T>(keep: boolean, work: () => Promise<T>): Promise<T> {
    await this.run('BEGIN TRANSACTION')
    try {
      const result = await work()
      await this.run(keep ? 'COMMIT' : 'ROLLBACK')
      return result
    } catch (error) {
      // The statement that failed may have ended the transaction itself.
      await this.#connected.connection.run('ROLLBACK').catch(() => {})
      throw error
    }
  }

  /** Brings the log into the file. Everything is safe before it; it must wait while another run writes. */
  async checkpoint(): Promise<void> {
    await this.#connected.connection.run('CHECKPOINT').catch(() => {})
  }

  /** Something was put into the file, which stays though it was new. */
  keep(): void {
    this.#connected.keep()
  }

  close(): void {
    for (const table of [...this.#claimed]) this.release(table)
    this.#connected.close()
  }

  #fault(error: unknown, sql: string, load?: Subject): Fault {
    if (error instanceof Fault) return error
    const subject = load ? `table ${load.table}` : this.#uri
    return statementFault(error, subject, {
      sql,
      ...(load?.at === undefined ? {} : { at: load.at }),
    })
  }
}
