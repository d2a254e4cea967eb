/**
 * Merge by key keeping the latest. Of the staged rows of a key the latest wins, then the later in the
 * shards; it replaces a row of the table that is not newer. A null `latest` is the oldest; null keys
 * are equal. A row flagged as deleted removes its key and is not kept; the key and the time of its
 * deletion are remembered beside the table, so that an older row which arrives late stays away.
 */
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { deletedOf, name, names, stagingOf } from './names.ts'

/** The statements of a merge, inside the transaction. */
export function mergeStatements(load: TableLoad): string[] {
  const { key, latest, deleted } = load.options
  const columns = names(load.columns.map(c => c.name))
  const target = name(load.table)
  const l = name(latest ?? '')
  const same = (a: string, b: string): string =>
    key.map(k => `${a}.${name(k)} IS NOT DISTINCT FROM ${b}.${name(k)}`).join(' AND ')
  const graves = deleted === null ? null : deletedOf(load)
  const newest = newestOf(load, columns)
  const late = `SELECT 1 FROM ${graves} AS d WHERE ${same('d', 's')} AND (s.${l} IS NULL OR d.${l} > s.${l})`
  const arriving =
    graves === null ? newest : `(SELECT * FROM ${newest} AS s WHERE NOT EXISTS (${late}))`
  const missing = `NOT EXISTS (SELECT 1 FROM ${target} AS t WHERE ${same('t', 's')})`
  const remove = `DELETE FROM ${target} AS t USING ${arriving} AS s WHERE ${same('t', 's')} AND (t.${l} IS NULL OR t.${l} <= s.${l})`
  const insert = `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${arriving} AS s WHERE ${missing}`
  if (graves === null || deleted === null) return [remove, insert]
  const buried = names([...key, latest ?? ''])
  return [
    `CREATE TABLE IF NOT EXISTS ${graves} AS SELECT ${buried} FROM ${target} LIMIT 0`,
    remove,
    `${insert} AND s.${name(deleted)} IS NOT TRUE`,
    `INSERT INTO ${graves} SELECT ${buried} FROM ${newest} AS s WHERE s.${name(deleted)} AND s.${l} IS NOT NULL AND ${missing} AND NOT EXISTS (SELECT 1 FROM ${graves} AS d WHERE ${same('d', 's')} AND d.${l} >= s.${l})`,
    `DELETE FROM ${graves} AS d WHERE EXISTS (SELECT 1 FROM ${graves} AS e WHERE ${same('e', 'd')} AND e.${l} > d.${l})`,
  ]
}

/** The latest staged row of each key. */
function newestOf(load: TableLoad, columns: string): string {
  const { key, latest } = load.options
  const { from, position } = inOrder(load)
  return `(SELECT ${columns} FROM ${from} QUALIFY row_number() OVER (PARTITION BY ${names(key)} ORDER BY ${name(latest ?? '')} DESC NULLS LAST, ${position} DESC) = 1)`
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
