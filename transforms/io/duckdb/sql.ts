/** SQL text for DuckDB: quoting, types, and the statements of each load mode. Names are always quoted. */
import type { Kind } from '../../../engine/data/kind.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'

export const STAGING = 'millrace_staging'

/** An identifier: whatever it holds, it is a name. */
export const name = (text: string): string => `"${text.replaceAll('"', '""')}"`
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`
const names = (list: readonly string[], before = ''): string =>
  list.map(n => `${before}${name(n)}`).join(', ')

export function typeOf(kind: Kind): string {
  const types: Readonly<Record<string, string>> = {
    bool: 'BOOLEAN',
    int32: 'INTEGER',
    int64: 'BIGINT',
    bigint: 'BIGINT',
    float32: 'FLOAT',
    float64: 'DOUBLE',
    decimal: `DECIMAL(${kind.precision}, ${kind.scale})`,
    utf8: 'VARCHAR',
    bytes: 'BLOB',
    date: 'DATE',
    timestamp: 'TIMESTAMPTZ',
    datetime: 'TIMESTAMP',
  }
  return types[kind.tag] as string
}

export const stagingOf = (load: TableLoad): string =>
  `${STAGING}.${name(`${load.table}-${load.id.slice(0, 16)}`)}`

const declared = (load: TableLoad): string =>
  load.columns
    .map(c => `${name(c.name)} ${typeOf(c.kind)}${c.kind.optional ? '' : ' NOT NULL'}`)
    .join(', ')

/** Shards, in order, into a fresh staging table. */
export function stageStatements(load: TableLoad): string[] {
  const columns = load.columns.map(c => `CAST(${name(c.name)} AS ${typeOf(c.kind)})`).join(', ')
  const target = stagingOf(load)
  const make = [
    `CREATE SCHEMA IF NOT EXISTS ${STAGING}`,
    `CREATE OR REPLACE TABLE ${target} (${declared(load)})`,
  ]
  if (load.files.length === 0) return make
  const files = load.files.map(text).join(', ')
  return [
    ...make,
    `INSERT INTO ${target} SELECT ${columns} FROM read_parquet([${files}], hive_partitioning = false)`,
  ]
}

/** The statements that put a staged table in its place, inside the transaction. */
export function publishStatements(load: TableLoad): string[] {
  const { mode } = load.options
  const target = name(load.table)
  const from = stagingOf(load)
  const columns = names(load.columns.map(c => c.name))
  const insert = `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${from}`
  if (mode === 'replace')
    return [`CREATE OR REPLACE TABLE ${target} (${declared(load)})`, insert, ...comment(load)]
  const create = [`CREATE TABLE IF NOT EXISTS ${target} (${declared(load)})`, ...comment(load)]
  if (mode === 'append') return [...create, insert]
  if (mode === 'replacePartition') {
    const { by = '', unit = 'day' } = load.options.partition ?? {}
    const part = `date_trunc('${unit}', ${name(by)})`
    return [
      ...create,
      `DELETE FROM ${target} WHERE ${part} IN (SELECT DISTINCT ${part} FROM ${from})`,
      insert,
    ]
  }
  return [...create, ...mergeStatements(load, columns)]
}

/**
 * Merge by key keeping the latest. Of the staged rows of a key the latest wins, then the later in the
 * shards; it replaces a row of the table that is not newer. A row flagged as deleted removes its key.
 */
function mergeStatements(load: TableLoad, columns: string): string[] {
  const { key, latest, deleted } = load.options
  const target = name(load.table)
  const newest = `(SELECT * EXCLUDE (millrace_rank) FROM (SELECT *, row_number() OVER (PARTITION BY ${names(key)} ORDER BY ${name(latest ?? '')} DESC NULLS LAST, rowid DESC) AS millrace_rank FROM ${stagingOf(load)}) WHERE millrace_rank = 1)`
  const same = key.map(k => `t.${name(k)} IS NOT DISTINCT FROM s.${name(k)}`).join(' AND ')
  const l = name(latest ?? '')
  const alive = deleted === null ? '' : ` AND s.${name(deleted)} IS NOT TRUE`
  return [
    `DELETE FROM ${target} AS t USING ${newest} AS s WHERE ${same} AND (t.${l} IS NULL OR t.${l} <= s.${l})`,
    `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${newest} AS s WHERE NOT EXISTS (SELECT 1 FROM ${target} AS t WHERE ${same})${alive}`,
  ]
}

/** Partitioning and clustering, which DuckDB has no use for, kept as the table's comment. */
function comment(load: TableLoad): string[] {
  const { partition, cluster } = load.options
  if (partition === null && cluster.length === 0) return []
  return [`COMMENT ON TABLE ${name(load.table)} IS ${text(JSON.stringify({ partition, cluster }))}`]
}
