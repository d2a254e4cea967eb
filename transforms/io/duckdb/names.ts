/** Names in SQL text: always quoted, so that whatever they hold, they are names; and where staging lies. */
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import type { Dialect } from '../table/audit-sql.ts'

/** As DuckDB compares names: ASCII letters in either case are the same. */
export const fold = (name: string): string => name.replace(/[A-Z]/g, c => c.toLowerCase())

export const STAGING = 'millrace_staging'

/** An identifier: whatever it holds, it is a name. */
export const name = (text: string): string => `"${text.replaceAll('"', '""')}"`
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`
export const names = (list: readonly string[], before = ''): string =>
  list.map(n => `${before}${name(n)}`).join(', ')

/** How audits are written for DuckDB. */
export const DIALECT: Dialect = { name, text, notFinite: value => `${text(value)}::DOUBLE` }

const ID_SHOWN = 16
export const stagingName = (load: TableLoad): string =>
  `${load.table}-${load.id.slice(0, ID_SHOWN)}`
export const stagingOf = (load: TableLoad): string => `${STAGING}.${name(stagingName(load))}`

/** Names of all staging tables of a load's table: its own, and those that killed or failed runs left. */
export const stagingLeft = (load: TableLoad): string =>
  `SELECT table_name FROM duckdb_tables() WHERE schema_name = '${STAGING}' AND regexp_matches(substr(table_name, ${[...load.table].length + 1}), '^-[^-]{${ID_SHOWN}}$') AND starts_with(table_name, ${text(load.table)})`

/** Keys whose rows a merge deleted; forgotten with the table. */
const deletedPrefix = (table: string): string => `${fold(table)}:deleted:`
export const deletedOf = ({ table, options }: TableLoad): string =>
  `${STAGING}.${name(deletedPrefix(table) + fold(JSON.stringify(options.key)))}`
export const deletedTables = (table: string): string =>
  `SELECT table_name FROM duckdb_tables() WHERE schema_name = '${STAGING}' AND starts_with(table_name, ${text(deletedPrefix(table))})`
