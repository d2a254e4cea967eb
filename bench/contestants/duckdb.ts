/** A case in DuckDB, in a process of its own: `case input output threads`. Prints the answer as JSON. */
import { DuckDBInstance } from '@duckdb/node-api'
import { cases } from '../cases.ts'

const [id, input, output, threads] = process.argv.slice(2) as [string, string, string, string]
const found = cases.find(c => c.id === id)
if (!found) throw new Error(`no case ${id}`)
const instance = await DuckDBInstance.create(':memory:', { threads })
const connection = await instance.connect()
await connection.run('SET preserve_insertion_order=false')
let rows: unknown[][] = []
for (const sql of found.sql) {
  const text = sql.replaceAll('{in}', input).replaceAll('{out}', output)
  rows = (await connection.runAndReadAll(text)).getRowsJson() as unknown[][]
}
process.stdout.write(JSON.stringify(found.check ? [] : rows))
