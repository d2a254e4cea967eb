/** A case in DuckDB, in a process of its own: `case threads places-as-JSON`. */
import { DuckDBInstance } from '@duckdb/node-api'
import type { Case, Places } from '../case.ts'

const [name, threads, places] = process.argv.slice(2) as [string, string, string]
const { default: found } = (await import(`../cases/${name}.ts`)) as { default: Case }
const instance = await DuckDBInstance.create(':memory:', { threads })
const connection = await instance.connect()
await connection.run('SET preserve_insertion_order=false')
for (const sql of found.duckdb?.(JSON.parse(places) as Places) ?? []) await connection.run(sql)
