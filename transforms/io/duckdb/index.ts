/** `table`: a warehouse's table as a sink, and the audits that can be asked of it. */
import { dirname } from 'node:path'
import { makeFolder } from '../../../engine/io/folder.ts'
import type { FileSink, TableOptions, TableSink } from '../../../engine/io/sink.ts'
import { writtenName } from '../../../engine/plan/written.ts'
import type { Audit } from '../../../engine/io/warehouse.ts'
import { Fault, redactUri } from '../../../engine/fault.ts'
import { parquet } from '../parquet/index.ts'
import { DuckDbWarehouse } from './warehouse.ts'

const PREFIX = 'duckdb:'
const MODES: readonly string[] = ['replace', 'append', 'replacePartition', 'merge']
const UNITS: readonly string[] = ['hour', 'day', 'month']

type Mode<C extends string> =
  | { readonly mode: 'replace' | 'append' }
  | { readonly mode: 'replacePartition' }
  | { readonly mode: 'merge'; readonly key: readonly C[]; readonly latest: C; readonly deleted?: C }

/** Options of a table. */
export type TableSinkOptions<C extends string> = Mode<C> & {
  /** Hint; the unit of `replacePartition`. */
  readonly partition?: { readonly by: C; readonly unit: 'hour' | 'day' | 'month' }
  /** Hint: columns to cluster by. */
  readonly cluster?: readonly C[]
  /** How columns are named in the table. Default 'asIs'. */
  readonly names?: 'snake_case' | 'asIs'
  /** Tests of the table as it will stand; a failed one publishes nothing. */
  readonly audit?: readonly Audit[]
}

/** What `write` takes: the columns that the options name must be in the collection. */
export interface TypedTableSink<out C extends string> extends Omit<TableSink, 'columns'> {
  readonly columns: readonly C[]
}

/**
 * A table of a warehouse, as a sink.
 *
 * Shape   PCollection<F> → table, loaded in bulk from Parquet shards and published in one transaction
 * Cost    shards are written once, to the run's private folder
 * Throws  pipeline: no such warehouse, mode without what it needs; data: an audit failed
 * @example
 * sales.write(table('duckdb:shop.duckdb', 'sales', { mode: 'replace', audit: [audits.unique('id')] }))
 */
export function table<const C extends string = never>(
  warehouse: string,
  name: string,
  o: TableSinkOptions<C>,
): TypedTableSink<C> {
  if (!warehouse.startsWith(PREFIX) || warehouse === PREFIX)
    throw new Fault('pipeline', `warehouse ${redactUri(warehouse)} is not known`, {
      hint: 'the embedded one is duckdb:PATH',
    })
  // JavaScript may leave the options out.
  const options = optionsOf(name, o ?? {})
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
    standing: (path, schema) => {
      const named = schema.list.map(f => [writtenName(f.name, options.names), f.name])
      return parquet(path, schema, { header: Object.fromEntries(named) })
    },
    async connect(limits) {
      makeFolder(dirname(warehouse.slice(PREFIX.length)))
      return new DuckDbWarehouse(warehouse, limits)
    },
  }
}

function optionsOf(name: string, o: TableSinkOptions<string>): TableOptions {
  if (name === '') throw new Fault('pipeline', 'a table needs a name')
  if (!MODES.includes(o.mode))
    throw new Fault('pipeline', `table ${name}: mode ${JSON.stringify(o.mode)} is not known`, {
      detail: [`have  ${MODES.join(' ')}`],
    })
  if (o.partition && !UNITS.includes(o.partition.unit))
    throw new Fault(
      'pipeline',
      `table ${name}: unit ${JSON.stringify(o.partition.unit)} of partition is not known`,
      { detail: [`have  ${UNITS.join(' ')}`] },
    )
  if (o.mode === 'replacePartition' && !o.partition)
    throw new Fault('pipeline', `table ${name}: mode replacePartition needs partition`, {
      hint: "partition: { by: 'day', unit: 'day' }",
    })
  const merge = o.mode === 'merge' ? o : null
  if (merge && (!merge.key?.length || !merge.latest))
    throw new Fault('pipeline', `table ${name}: mode merge needs key and latest`, {
      hint: "key: ['id'], latest: 'updatedAt'",
    })
  return {
    mode: o.mode,
    key: merge?.key ?? [],
    latest: merge?.latest ?? null,
    deleted: merge?.deleted ?? null,
    partition: o.partition ?? null,
    cluster: o.cluster ?? [],
    names: o.names ?? 'asIs',
    audit: o.audit ?? [],
  }
}

/** Tests of a table as it will stand. Columns are named as written. */
export const audits = {
  unique: (...columns: string[]): Audit => ({ audit: 'unique', columns }),
  notNull: (...columns: string[]): Audit => ({ audit: 'notNull', columns }),
  accepted: (column: string, values: readonly (string | number | boolean)[]): Audit => ({
    audit: 'accepted',
    column,
    values,
  }),
  relationship: (column: string, to: string, toColumn: string): Audit => ({
    audit: 'relationship',
    column,
    to,
    toColumn,
  }),
  rowCount: (o: { min?: number; max?: number }): Audit => ({
    audit: 'rowCount',
    min: o.min ?? null,
    max: o.max ?? null,
  }),
  /** SQL that must return no rows. */
  sql: (query: string): Audit => query,
}
