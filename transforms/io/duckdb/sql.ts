/** SQL text for DuckDB: quoting, types, and the statements of each load mode. Names are always quoted. */
import type { Kind } from '../../../engine/data/kind.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'

export const STAGING = 'millrace_staging'

/** An identifier: whatever it holds, it is a name. */
export const name = (text: string): string => `"${text.replaceAll('"', '""')}"`
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`
const names = (list: readonly string[], before = ''): string =>
  list.map(n => `${before}${name(n)}`).join(', ')

/** A shard's path as `read_parquet` takes it literally, which would expand it as a pattern. */
const file = (path: string): string => text(path.replace(/[*?[]/g, '[$&]'))

/** As DuckDB itself writes its types; undefined where it has none for the kind. */
export function typeOf(kind: Kind): string | undefined {
  const types: Readonly<Record<string, string>> = {
    bool: 'BOOLEAN',
    int32: 'INTEGER',
    int64: 'BIGINT',
    bigint: 'BIGINT',
    float32: 'FLOAT',
    float64: 'DOUBLE',
    decimal: `DECIMAL(${kind.precision},${kind.scale})`,
    utf8: 'VARCHAR',
    bytes: 'BLOB',
    date: 'DATE',
    timestamp: 'TIMESTAMP WITH TIME ZONE',
    datetime: 'TIMESTAMP',
  }
  return types[kind.tag]
}

const ID_SHOWN = 16
export const stagingName = (load: TableLoad): string =>
  `${load.table}-${load.id.slice(0, ID_SHOWN)}`
export const stagingOf = (load: TableLoad): string => `${STAGING}.${name(stagingName(load))}`

/** Names of all staging tables of a load's table: its own, and those that killed or failed runs left. */
export const stagingLeft = (load: TableLoad): string =>
  `SELECT table_name FROM duckdb_tables() WHERE schema_name = '${STAGING}' AND regexp_matches(substr(table_name, ${[...load.table].length + 1}), '^-[^-]{${ID_SHOWN}}$') AND starts_with(table_name, ${text(load.table)})`

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
  const files = load.files.map(file).join(', ')
  return [
    ...make,
    `INSERT INTO ${target} SELECT ${columns} FROM read_parquet([${files}], hive_partitioning = false)`,
  ]
}

/** A table, as it stands in the transaction, into one Parquet file. */
export const exportStatement = (table: string, path: string): string =>
  `COPY (FROM ${name(table)}) TO ${text(path)} (FORMAT parquet, COMPRESSION zstd)`

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
    const part = `date_trunc(${text(unit)}, ${name(by)})`
    // Null is a partition too, hence no IN.
    return [
      ...create,
      `DELETE FROM ${target} AS t USING (SELECT DISTINCT ${part} AS part FROM ${from}) AS s WHERE date_trunc(${text(unit)}, t.${name(by)}) IS NOT DISTINCT FROM s.part`,
      insert,
    ]
  }
  return [...create, ...mergeStatements(load, columns)]
}

/**
 * Merge by key keeping the latest. Of the staged rows of a key the latest wins, then the later in the
 * shards; it replaces a row of the table that is not newer. A null `latest` is the oldest; null keys
 * are equal. A row flagged as deleted removes its key and is not kept: no trace of the deletion
 * remains, so that a row which arrives in a later load brings its key back, even an older one.
 */
function mergeStatements(load: TableLoad, columns: string): string[] {
  const { key, latest, deleted } = load.options
  const target = name(load.table)
  const l = name(latest ?? '')
  const { from, position } = inOrder(load)
  const newest = `(SELECT ${columns} FROM ${from} QUALIFY row_number() OVER (PARTITION BY ${names(key)} ORDER BY ${l} DESC NULLS LAST, ${position} DESC) = 1)`
  const same = key.map(k => `t.${name(k)} IS NOT DISTINCT FROM s.${name(k)}`).join(' AND ')
  const alive = deleted === null ? '' : ` AND s.${name(deleted)} IS NOT TRUE`
  return [
    `DELETE FROM ${target} AS t USING ${newest} AS s WHERE ${same} AND (t.${l} IS NULL OR t.${l} <= s.${l})`,
    `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${newest} AS s WHERE NOT EXISTS (SELECT 1 FROM ${target} AS t WHERE ${same})${alive}`,
  ]
}

/** Staged rows with their position in the shards: DuckDB's `rowid`, unless a column has that name. */
function inOrder(load: TableLoad): { from: string; position: string } {
  const taken = new Set(load.columns.map(c => c.name.toLowerCase()))
  if (!taken.has('rowid')) return { from: stagingOf(load), position: 'rowid' }
  let free = 'millrace_position'
  while (taken.has(free)) free += '_'
  const from = `(SELECT *, row_number() OVER () AS ${free} FROM ${stagingOf(load)})`
  return { from, position: free }
}

/** Partitioning and clustering, which DuckDB has no use for, kept as the table's comment. */
function comment(load: TableLoad): string[] {
  const { partition, cluster } = load.options
  if (partition === null && cluster.length === 0) return []
  return [`COMMENT ON TABLE ${name(load.table)} IS ${text(JSON.stringify({ partition, cluster }))}`]
}
