/** A table as it will stand once a staged load is published: the query that audits and previews ask. */
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { type Dataset, deletedName, fold, names, stagingName, tableOf } from './names.ts'
import { type MergePlaces, mergedQuery } from './merge.ts'
import { keptRows } from './partition-sql.ts'

/** What of a load's table stands already. */
export interface Standing {
  readonly exists: boolean
  /** The load is an append that the table has. */
  readonly adopted: boolean
  /** Deleted keys are remembered, in a table that stands. */
  readonly buries: boolean
}

export const placesOf = (load: TableLoad, dataset: Dataset, buries: boolean): MergePlaces => ({
  target: tableOf(dataset, load.table),
  staging: tableOf(dataset, stagingName(load)),
  graves: buries ? tableOf(dataset, deletedName(load)) : null,
})

export function standingQuery(load: TableLoad, dataset: Dataset, standing: Standing): string {
  const { mode } = load.options
  const places = placesOf(load, dataset, standing.buries)
  const { target, staging } = places
  const columns = names(load.columns.map(c => c.name))
  const [there, staged] = [`SELECT ${columns} FROM ${target}`, `SELECT ${columns} FROM ${staging}`]
  if (standing.adopted) return there
  if (mode === 'merge') return mergedQuery(load, places, standing.exists)
  if (mode === 'replace' || !standing.exists) return staged
  if (mode === 'append') return `${there} UNION ALL ${staged}`
  return `SELECT ${columns} ${keptRows(load, target, staging)} UNION ALL ${staged}`
}

/**
 * A query in whose eyes the loads' tables stand as they will: their names are those of common tables,
 * which go before the data set's own.
 */
export function asPublished(
  loads: readonly TableLoad[],
  o: { dataset: Dataset; standing: ReadonlyMap<TableLoad, Standing>; query: string },
): string {
  const tables = namedIn(o.query, loads).map(load => {
    const standing = o.standing.get(load) as Standing
    return `${names([load.table])} AS (${standingQuery(load, o.dataset, standing)})`
  })
  // As a subquery, it can only read.
  const seen = tables.length === 0 ? '' : `WITH ${tables.join(', ')} `
  return `${seen}SELECT * FROM (\n${o.query}\n)`
}

/** Loads whose tables a query may name. What it does not name would only make the query dearer to plan. */
function namedIn(query: string, loads: readonly TableLoad[]): readonly TableLoad[] {
  // Names can be written with escapes.
  if (query.includes('\\')) return loads
  const text = fold(query)
  return loads.filter(load => text.includes(fold(load.table)))
}
