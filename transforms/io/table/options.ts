/** What a table may be asked to be: how it is loaded, laid out and described. */
import { Fault, nearestName } from '../../../engine/fault.ts'
import type { TableLayout, TableOptions, TablePlace } from '../../../engine/io/sink.ts'
import type { Audit } from '../../../engine/io/warehouse.ts'

const MODES: readonly string[] = ['replace', 'append', 'replacePartition', 'merge']
const UNITS: readonly string[] = ['hour', 'day', 'month', 'year']

type Mode<C extends string> =
  | { readonly mode: 'replace' | 'append' }
  | { readonly mode: 'replacePartition' }
  | { readonly mode: 'merge'; readonly key: readonly C[]; readonly latest: C; readonly deleted?: C }

/** By the time in a column, or by ranges of `step` of an integer column: start, start + step … below end. */
type PartitionBy<C extends string> =
  | { readonly by: C; readonly unit: 'hour' | 'day' | 'month' | 'year' }
  | {
      readonly by: C
      readonly range: { readonly start: number; readonly end: number; readonly step: number }
    }

/** Options of a table. Those of layout, description and place are for warehouses that have them. */
export type TableSinkOptions<C extends string> = Mode<C> & {
  /** How the table is partitioned; the unit of `replacePartition`. Default: not. */
  readonly partition?: PartitionBy<C>
  /** Columns to cluster by, the most selective first. Default: none. */
  readonly cluster?: readonly C[]
  /** How columns are named in the table. Default 'asIs'. */
  readonly names?: 'snake_case' | 'asIs'
  /** Tests of the table as it will stand; a failed one publishes nothing. */
  readonly audit?: readonly Audit[]
  /** A query must say which partitions it reads. Default false. BigQuery. */
  readonly requirePartitionFilter?: boolean
  /** Names and values of a table's labels. BigQuery. */
  readonly labels?: Readonly<Record<string, string>>
  /** What the table is. BigQuery. */
  readonly description?: string
  /** What its columns are. BigQuery. */
  readonly columnDescriptions?: { readonly [K in C]?: string } & Readonly<Record<string, string>>
  /** Where shards and results lie on their way: `gs://bucket/prefix`. Default MILLRACE_STAGING. BigQuery. */
  readonly staging?: string
  /** Where the data set lies, as `EU`. Default: the data set is asked. BigQuery. */
  readonly location?: string
}

/** Throws pipeline: a mode without what it needs, an unknown mode, unit or range. */
export function optionsOf(name: string, o: TableSinkOptions<string>): TableOptions {
  if (name === '') throw new Fault('pipeline', 'a table needs a name')
  checkMode(name, o)
  checkPartition(name, o)
  const merge = o.mode === 'merge' ? o : null
  if (merge && (!merge.key?.length || !merge.latest))
    throw new Fault('pipeline', `table ${name}: mode merge needs key and latest`, {
      hint: "key: ['id'], latest: 'updatedAt'",
    })
  const layout = layoutOf(o)
  return {
    mode: o.mode,
    key: merge?.key ?? [],
    latest: merge?.latest ?? null,
    deleted: merge?.deleted ?? null,
    partition: o.partition ?? null,
    cluster: o.cluster ?? [],
    names: o.names ?? 'asIs',
    audit: o.audit ?? [],
    ...(layout === null ? {} : { layout }),
  }
}

/** Decides where, not what: it is no part of a load's identity. */
export const placeOf = (o: TableSinkOptions<string>): TablePlace => ({
  staging: o.staging ?? null,
  location: o.location ?? null,
})

function layoutOf(o: TableSinkOptions<string>): TableLayout | null {
  const { requirePartitionFilter, labels, description, columnDescriptions } = o
  const given = [requirePartitionFilter, labels, description, columnDescriptions]
  if (given.every(v => v === undefined)) return null
  return {
    requirePartitionFilter: requirePartitionFilter ?? false,
    labels: labels ?? {},
    description: description ?? null,
    columnDescriptions: columnDescriptions ?? {},
  }
}

function checkMode(name: string, o: TableSinkOptions<string>): void {
  if (MODES.includes(o.mode)) return
  const near = nearestName(String(o.mode), MODES)
  throw new Fault('pipeline', `table ${name}: mode ${JSON.stringify(o.mode)} is not known`, {
    detail: [`have  ${MODES.join(' ')}`],
    ...(near === undefined ? {} : { hint: `did you mean "${near}"?` }),
  })
}

function checkPartition(name: string, o: TableSinkOptions<string>): void {
  const { partition } = o
  if (partition && 'range' in partition) checkRange(name, partition.range)
  else if (partition && !UNITS.includes(partition.unit))
    throw new Fault(
      'pipeline',
      `table ${name}: unit ${JSON.stringify(partition.unit)} of partition is not known`,
      { detail: [`have  ${UNITS.join(' ')}`] },
    )
  if (o.mode === 'replacePartition' && !partition)
    throw new Fault('pipeline', `table ${name}: mode replacePartition needs partition`, {
      hint: "partition: { by: 'day', unit: 'day' }",
    })
}

function checkRange(name: string, range: { start: number; end: number; step: number }): void {
  const { start, end, step } = range
  if ([start, end, step].every(Number.isSafeInteger) && step > 0 && end > start) return
  throw new Fault('pipeline', `table ${name}: range ${JSON.stringify(range)} is not possible`, {
    hint: 'start, end and step are whole numbers, step above 0, end above start',
  })
}
