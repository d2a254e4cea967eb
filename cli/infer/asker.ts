/** Questions about a file's first rows, asked of DuckDB: it reads every format that we do. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { Fault } from '../../engine/fault.ts'

export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

export type Facts = Readonly<Record<string, unknown>>

export class Asker {
  readonly path: string
  /** At most so many rows are looked at. */
  readonly rowsMax: number
  readonly #connection: DuckDBConnection

  static async open(path: string, rowsMax: number): Promise<Asker> {
    const { DuckDBInstance } = await import('@duckdb/node-api')
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
    return new Asker(path, rowsMax, await instance.connect())
  }

  constructor(path: string, rowsMax: number, connection: DuckDBConnection) {
    this.path = path
    this.rowsMax = rowsMax
    this.#connection = connection
  }

  /** Throws data: the file is not what its name says. */
  async ask(sql: string): Promise<Facts[]> {
    try {
      return (await this.#connection.runAndReadAll(sql)).getRowObjectsJS() as Facts[]
    } catch (error) {
      const [said = ''] = (error as Error).message.split('\n')
      throw new Fault('data', `${this.path} cannot be understood: ${said}`, { cause: error })
    }
  }

  close(): void {
    this.#connection.closeSync()
  }
}
