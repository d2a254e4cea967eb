/** The statements that put a staged table in its place, inside the transaction. */
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { type Found, sameColumns } from './columns.ts'
import { mergeStatements, type Places } from './merge.ts'
import { ident, idents, inStaging, literal } from './names.ts'
import { declared } from './types.ts'

/** `found`: the columns of the table that stands; none where there is none. */
export function placeStatements(
  load: TableLoad,
  places: Places,
  found: readonly Found[],
): string[] {
  const { target, staged } = places
  const columns = idents(load.columns.map(c => c.name))
  const insert = `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${inStaging(staged)}`
  const make = `CREATE TABLE ${target} (${declared(load.columns)})`
  const create = found.length === 0 ? [make, ...keyIndex(load, target)] : []
  switch (load.options.mode) {
    case 'replace':
      // Deleted, not truncated: a reader's snapshot keeps the old rows; rights, views and indexes stay.
      if (found.length > 0 && sameColumns(load, found)) return [`DELETE FROM ${target}`, insert]
      return [...(found.length > 0 ? [`DROP TABLE ${target}`] : []), make, insert]
    case 'append':
      return [...create, insert]
    case 'replacePartition':
      return [...create, ...clearPartitions(load, places), insert]
    default:
      return [...create, ...mergeStatements(load, places)]
  }
}

/** Of values that an index takes whatever their length. */
const SHORT: readonly string[] = [
  'int32',
  'int64',
  'bigint',
  'date',
  'timestamp',
  'datetime',
  'decimal',
]

/** A table that rows are merged into is looked up by its key; one text is hashed, as long ones fit no tree. */
function keyIndex({ options: { mode, key }, columns }: TableLoad, target: string): string[] {
  if (mode !== 'merge') return []
  const tags = key.map(name => columns.find(c => c.name === name)?.kind.tag ?? '')
  if (tags.every(tag => SHORT.includes(tag))) return [`CREATE INDEX ON ${target} (${idents(key)})`]
  return tags.length === 1 && tags[0] === 'utf8'
    ? [`CREATE INDEX ON ${target} USING hash (${ident(key[0] as string)})`]
    : []
}

/** Null is a partition too. */
function clearPartitions(load: TableLoad, { target, staged }: Places): string[] {
  const by = ident(load.options.partition?.by ?? '')
  const from = inStaging(staged)
  const part = (column: string): string => partOf(load, column)
  return [
    `DELETE FROM ${target} AS t USING (SELECT DISTINCT ${part(by)} AS part FROM ${from}) AS s WHERE ${part(`t.${by}`)} = s.part`,
    `DELETE FROM ${target} AS t WHERE t.${by} IS NULL AND EXISTS (SELECT 1 FROM ${from} AS s WHERE s.${by} IS NULL)`,
  ]
}

/** Names a row's partition. Integers below or above the range share one, nulls another. */
function partOf({ options: { partition } }: TableLoad, column: string): string {
  if (partition === null) return 'NULL'
  if ('unit' in partition) return `date_trunc(${literal(partition.unit)}, ${column})`
  const { start, end, step } = partition.range
  const [from, to, each] = [start, end, step].map(n => `'${n}'::bigint`)
  return `CASE WHEN ${column} >= ${from} AND ${column} < ${to} THEN (${column} - ${from}) / ${each} WHEN ${column} IS NOT NULL THEN -1 END`
}
