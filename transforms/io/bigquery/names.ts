/** Names in GoogleSQL: always quoted, so that whatever they hold, they are names; and where staging lies. */
import { createHash } from 'node:crypto'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import type { Dialect } from '../table/audit-sql.ts'

/** As BigQuery compares names of columns. Names of tables are told apart by case. */
export const fold = (name: string): string => name.toLowerCase()

/** Escapes are those of string literals, in quoted identifiers too. */
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r' }
const escaped = (value: string, quote: string): string =>
  value.replace(/[\\`'\n\r]/g, c => ESCAPES[c] ?? (c === '\\' || c === quote ? `\\${c}` : c))

export const name = (text: string): string => `\`${escaped(text, '`')}\``
export const text = (value: string): string => `'${escaped(value, "'")}'`
export const names = (list: readonly string[], before = ''): string =>
  list.map(n => `${before}${name(n)}`).join(', ')

/** How audits are written for BigQuery. */
export const DIALECT: Dialect = {
  name,
  text,
  notFinite: value => `CAST(${text(value)} AS FLOAT64)`,
}

/** A place for tables. */
export interface Dataset {
  readonly project: string
  readonly dataset: string
  readonly location: string | null
}

/** A table's whole name. */
export const tableOf = ({ project, dataset }: Dataset, table: string): string =>
  [project, dataset, table].map(name).join('.')

const digest = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex')

const ID_SHOWN = 16
/** A staging table's name tells its table and its load. */
export const stagingName = (load: TableLoad): string =>
  `millrace_staging_${plain(load.table)}_${digest(load.id, load.table).slice(0, ID_SHOWN)}`

/** Keys whose rows a merge deleted; forgotten with the table. */
export const deletedName = ({ table, options }: TableLoad): string =>
  `${deletedPrefix(table)}${digest(options.key.map(fold)).slice(0, ID_SHOWN)}`
export const deletedPrefix = (table: string): string =>
  `millrace_deleted_${plain(table)}_${digest(table).slice(0, 8)}_`

/** What was loaded, and when: one row a load that is published or about to be. */
export const LEDGER = 'millrace_loads'

/** The order of a staged row in its load's shards: merges need it. */
export const POSITION = 'millrace_position'

/** Part of a name of at most 1,024 characters. */
const plain = (table: string): string => table.replace(/\W+/g, '_').slice(0, 200)

/** Of what a job does, so that the same work has the same id, whichever process asks for it. */
export const hashOf = (...parts: readonly unknown[]): string => digest(...parts).slice(0, 32)
