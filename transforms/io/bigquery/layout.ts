/** A table as it is to be created: columns, partitions, clusters, labels, descriptions. */
import { Fault } from '../../../engine/fault.ts'
import type { TablePartition } from '../../../engine/io/sink.ts'
import type { TableLoad, Target } from '../../../engine/io/warehouse.ts'
import { type Dataset, fold, POSITION } from './names.ts'
import { fieldOf, type TableField } from './types.ts'

/** The parts of the REST interface's table that are read here. */
export interface TableInfo {
  readonly tableReference?: { projectId: string; datasetId: string; tableId: string }
  readonly schema?: { readonly fields?: readonly TableField[] }
  readonly timePartitioning?: { readonly type?: string; readonly field?: string }
  readonly rangePartitioning?: {
    readonly field?: string
    readonly range?: { readonly start: string; readonly end: string; readonly interval: string }
  }
  readonly clustering?: { readonly fields?: readonly string[] }
  readonly requirePartitionFilter?: boolean
  readonly labels?: Readonly<Record<string, string>>
  readonly description?: string
  readonly numRows?: string
  readonly numBytes?: string
  readonly creationTime?: string
  readonly lastModifiedTime?: string
  readonly etag?: string
  readonly location?: string
  readonly type?: string
}

type Partitioning = Pick<TableInfo, 'timePartitioning' | 'rangePartitioning' | 'clustering'>

function asked(partition: TablePartition | null, cluster: readonly string[]): Partitioning {
  const clustering = cluster.length === 0 ? {} : { clustering: { fields: cluster } }
  if (partition === null) return clustering
  const { by: field } = partition
  if ('unit' in partition)
    return { timePartitioning: { type: partition.unit.toUpperCase(), field }, ...clustering }
  const { start, end, step } = partition.range
  const range = { start: String(start), end: String(end), interval: String(step) }
  return { rangePartitioning: { field, range }, ...clustering }
}

/** As `day of at` or `range 0 to 100 by 10 of n`; empty where it is not partitioned. */
export function partitionText(info: Partitioning): string {
  const { timePartitioning: time, rangePartitioning: range } = info
  if (time?.type)
    return `${time.type.toLowerCase()} of ${fold(time.field ?? 'the time of loading')}`
  const { start, end, interval } = range?.range ?? {}
  return range?.range ? `range ${start} to ${end} by ${interval} of ${fold(range.field ?? '')}` : ''
}

/**
 * How the load's table is, or is to be, laid out: what was asked for, else what the table that stands has.
 * Throws data: it is to be replaced with other partitions, which no job can do.
 */
export function partitioningOf(load: Target, standing: TableInfo | null): Partitioning {
  const { partition, cluster, mode } = load.options
  const wanted = asked(partition, cluster)
  if (standing === null) return wanted
  const { timePartitioning, rangePartitioning, clustering } = standing
  const has = {
    ...(timePartitioning ? { timePartitioning } : {}),
    ...(rangePartitioning ? { rangePartitioning } : {}),
    ...(clustering ? { clustering } : {}),
  }
  const [want, got] = [partitionText(wanted), partitionText(has)]
  if (mode === 'replace' && partition !== null && want !== got)
    throw new Fault('data', `table ${load.table} is partitioned in another way`, {
      at: load.at,
      detail: [`expected  ${want}`, `the table has  ${got || 'no partitions'}`],
      hint: 'a table’s partitions cannot be changed: drop it, or load into a table of another name',
    })
  return has
}

/** The table itself, as `tables.insert` takes it. */
export function newTable(load: TableLoad, dataset: Dataset) {
  const { partition, cluster, layout } = load.options
  const described = layout?.columnDescriptions ?? {}
  const fields = load.columns.map(c =>
    fieldOf(c, Object.hasOwn(described, c.name) ? described[c.name] : undefined),
  )
  return {
    tableReference: referenceOf(dataset, load.table),
    schema: { fields },
    ...asked(partition, cluster),
    ...(layout?.requirePartitionFilter ? { requirePartitionFilter: true } : {}),
    ...descriptionOf(load),
  }
}

/** What of it is told to people; a copy over the table leaves it aside, so it is set again. */
export function descriptionOf(load: TableLoad): Pick<TableInfo, 'labels' | 'description'> {
  const { labels = {}, description = null } = load.options.layout ?? {}
  return {
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(description === null ? {} : { description }),
  }
}

/** A staging table: laid out as the one that it will be copied over; it goes by itself. */
export function stagingTable(
  load: TableLoad,
  o: { dataset: Dataset; table: string; standing: TableInfo | null; expiresAt: number },
) {
  const described = load.options.layout?.columnDescriptions ?? {}
  const fields = load.columns.map(c =>
    fieldOf(c, Object.hasOwn(described, c.name) ? described[c.name] : undefined),
  )
  const position = { name: POSITION, type: 'INT64', mode: 'REQUIRED' }
  const merges = load.options.mode === 'merge'
  return {
    tableReference: referenceOf(o.dataset, o.table),
    schema: { fields: merges ? [...fields, position] : fields },
    ...(merges ? {} : partitioningOf(load, o.standing)),
    expirationTime: String(o.expiresAt),
    description: `Rows on their way into ${load.table}; removes itself`,
  }
}

export const referenceOf = ({ project, dataset }: Dataset, tableId: string) => ({
  projectId: project,
  datasetId: dataset,
  tableId,
})
