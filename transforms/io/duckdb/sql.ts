/** SQL text for DuckDB: quoting, types, and the statements of each load mode. Names are always quoted. */
import type { Kind } from '../../../engine/data/kind.ts'
import { elementOf, structOf } from '../../../engine/data/nested.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { mergeStatements } from './merge.ts'
import { name, names, STAGING, stagingOf, text } from './names.ts'

/** A shard's path as `read_parquet` takes it literally, which would expand it as a pattern. */
const file = (path: string): string => text(path.replace(/[*?[]/g, '[$&]'))

/** As DuckDB itself writes its types; undefined where it has none for the kind. */
export function typeOf(kind: Kind): string | undefined {
  if (kind.tag === 'list') return `${typeOf(elementOf(kind))}[]`
  if (kind.tag === 'struct')
    return `STRUCT(${structOf(kind)
      .list.map(f => `${name(f.name)} ${typeOf(f.kind)}`)
      .join(', ')})`
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
    json: 'JSON',
  }
  return types[kind.tag]
}

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
    const part = (column: string): string => partOf(load, column)
    const by = name(load.options.partition?.by ?? '')
    // Null is a partition too, hence no IN.
    return [
      ...create,
      `DELETE FROM ${target} AS t USING (SELECT DISTINCT ${part(by)} AS part FROM ${from}) AS s WHERE ${part(`t.${by}`)} IS NOT DISTINCT FROM s.part`,
      insert,
    ]
  }
  return [...create, ...mergeStatements(load)]
}

/** Names a row's partition. Integers below or above the range share one, nulls another. */
function partOf({ options: { partition } }: TableLoad, column: string): string {
  if (partition === null) return 'NULL'
  if ('unit' in partition) return `date_trunc(${text(partition.unit)}, ${column})`
  const { start, end, step } = partition.range
  return `CASE WHEN ${column} >= ${start} AND ${column} < ${end} THEN (${column} - ${start}) // ${step} WHEN ${column} IS NOT NULL THEN -1 END`
}

/** Partitioning and clustering, which DuckDB has no use for, kept as the table's comment. */
function comment(load: TableLoad): string[] {
  const { partition, cluster } = load.options
  if (partition === null && cluster.length === 0) return []
  return [`COMMENT ON TABLE ${name(load.table)} IS ${text(JSON.stringify({ partition, cluster }))}`]
}
