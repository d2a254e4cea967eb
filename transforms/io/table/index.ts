/**
 * `table`: a warehouse's table, with a schema a source, without one a sink. The URI's scheme decides the
 * warehouse; its implementation is imported where it is first used.
 */
import type { AnySchema, Fields, Schema } from '../../../engine/data/schema.ts'
import { redactUri } from '../../../engine/fault.ts'
import type { FileSink, TableSink } from '../../../engine/io/sink.ts'
import type { Source } from '../../../engine/io/source.ts'
import { writtenName } from '../../../engine/plan/written.ts'
import { isSchema } from '../csv/csv.ts'
import { parquet } from '../parquet/index.ts'
import { elsewhere } from './elsewhere.ts'
import { optionsOf, placeOf, type TableSinkOptions } from './options.ts'
import { type TableSourceOptions, tableSource } from './source.ts'
import { warehouseOf } from './warehouses.ts'

export { audits } from './audits.ts'
export type { TableSinkOptions } from './options.ts'
export type { TableSourceOptions } from './source.ts'

/** What `write` takes: the columns that the options name must be in the collection. */
export interface TypedTableSink<out C extends string> extends Omit<TableSink, 'columns'> {
  readonly columns: readonly C[]
}

/**
 * A table as a source: of a warehouse; or a MongoDB collection (`mongodb://host/database`), or the JSON
 * lines in a folder of that name (`data/shop`, `gs://bucket/shop`).
 *
 * Shape   table → PCollection<F>; columns are found by name
 * Nulls   as in the table; a null in a column that has no place for it is a reject
 * Cost    the columns that are read, in parallel splits; `where` is asked of the warehouse
 * Throws  pipeline: no such warehouse; data: no such table, a column is missing or of another type
 * @example
 * p.read(table('bigquery://shop.sales', 'orders', Order, { where: { country: 'France' } }))
 */
export function table<F extends Fields>(
  warehouse: string,
  name: string,
  schema: Schema<F>,
  options?: TableSourceOptions<F>,
): Source<F>
/**
 * A table of a warehouse, as a sink.
 *
 * Shape   PCollection<F> → table, loaded in bulk from Parquet shards and published in one step
 * Cost    shards are written once, to the run's private folder
 * Throws  pipeline: no such warehouse, mode without what it needs; data: an audit failed
 * @example
 * sales.write(table('duckdb:shop.duckdb', 'sales', { mode: 'replace', audit: [audits.unique('id')] }))
 */
export function table<const C extends string = never>(
  warehouse: string,
  name: string,
  options: TableSinkOptions<C>,
): TypedTableSink<C>
export function table<F extends Fields, C extends string>(
  warehouse: string,
  name: string,
  second: Schema<F> | TableSinkOptions<C>,
  options?: TableSourceOptions<F>,
): Source<F> | TypedTableSink<C> {
  if (isSchema<F>(second)) {
    const o = options ?? {}
    return elsewhere(warehouse, name, second, o) ?? tableSource(warehouse, name, second, o)
  }
  // JavaScript may leave the options out.
  return tableSink(warehouse, name, second ?? {})
}

function tableSink<C extends string>(
  warehouse: string,
  name: string,
  o: TableSinkOptions<C>,
): TypedTableSink<C> {
  const kind = warehouseOf(warehouse, name)
  const options = optionsOf(name, o as TableSinkOptions<string>)
  const uri = redactUri(warehouse)
  const { partition, key, latest, deleted, cluster } = options
  const used = [partition?.by, ...key, latest, deleted, ...cluster]
  return {
    sink: 'table',
    format: 'table',
    uri,
    table: name,
    columns: [...new Set(used.filter(c => typeof c === 'string'))] as unknown as C[],
    options,
    fingerprint: JSON.stringify(['table', uri, name, options]),
    staging: folder => parquet(folder) as unknown as FileSink,
    standing: (path, schema) => standing(path, schema, options.names),
    connect: limits => kind.connect(warehouse, placeOf(o as TableSinkOptions<string>), limits),
  }
}

function standing(path: string, schema: AnySchema, names: 'snake_case' | 'asIs') {
  const named = schema.list.map(f => [writtenName(f.name, names), f.name])
  return parquet(path, schema, { header: Object.fromEntries(named) })
}
