/**
 * Merge by key keeping the latest, as the embedded warehouse does it. Of the staged rows of a key the
 * latest wins, then the later in the shards; it replaces a row of the table that is not newer. A null
 * `latest` is the oldest; null keys are equal. A row flagged as deleted removes its key and is not kept;
 * the key and the time of its deletion are remembered beside the table, so that an older row which
 * arrives late stays away. DELETE and INSERT in one transaction instead of MERGE: a table that has a key
 * twice, from appends, is left with the latest alone.
 */
import type { Kind } from '../../../engine/data/kind.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { name, names, POSITION } from './names.ts'
import { zeroOf } from './types.ts'

/** Whole names, quoted. `graves`: null where the load has no deleted column. */
export interface MergePlaces {
  readonly target: string
  readonly staging: string
  readonly graves: string | null
}

/** The statements of a merge, inside the transaction. */
export function mergeStatements(load: TableLoad, places: MergePlaces): string[] {
  const { target, graves } = places
  const { key, deleted } = load.options
  const l = name(load.options.latest ?? '')
  const columns = names(load.columns.map(c => c.name))
  const arriving = arrivingOf(load, places)
  const missing = `NOT EXISTS (SELECT 1 FROM ${target} AS t WHERE ${same(load, 't', 's')})`
  const remove = `DELETE FROM ${target} AS t WHERE EXISTS (SELECT 1 FROM ${arriving} AS s WHERE ${replaced(load)})`
  const insert = `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${arriving} AS s WHERE ${missing}`
  if (graves === null || deleted === null) return [remove, insert]
  const buried = names([...key, load.options.latest ?? ''])
  const known = `SELECT 1 FROM ${graves} AS d WHERE ${same(load, 'd', 's')} AND d.${l} >= s.${l}`
  return [
    remove,
    `${insert} AND s.${name(deleted)} IS NOT TRUE`,
    `INSERT INTO ${graves} (${buried}) SELECT ${buried} FROM ${newestOf(load, places)} AS s WHERE s.${name(deleted)} AND s.${l} IS NOT NULL AND ${missing} AND NOT EXISTS (${known})`,
    `DELETE FROM ${graves} AS d WHERE EXISTS (SELECT 1 FROM ${graves} AS e WHERE ${same(load, 'e', 'd')} AND e.${l} > d.${l})`,
  ]
}

/** The table as the merge will leave it. `exists`: the table stands. */
export function mergedQuery(load: TableLoad, places: MergePlaces, exists: boolean): string {
  const { deleted } = load.options
  const l = name(load.options.latest ?? '')
  const columns = names(load.columns.map(c => c.name))
  const arriving = arrivingOf(load, places)
  const alive = deleted === null ? 'TRUE' : `s.${name(deleted)} IS NOT TRUE`
  const fresh = `SELECT ${columns} FROM ${arriving} AS s WHERE ${alive}`
  if (!exists) return fresh
  const { target } = places
  const newer = `SELECT 1 FROM ${target} AS t WHERE ${same(load, 't', 's')} AND t.${l} IS NOT NULL AND (s.${l} IS NULL OR t.${l} > s.${l})`
  const kept = `SELECT ${columns} FROM ${target} AS t WHERE NOT EXISTS (SELECT 1 FROM ${arriving} AS s WHERE ${replaced(load)})`
  return `${kept} UNION ALL ${fresh} AND NOT EXISTS (${newer})`
}

const replaced = (load: TableLoad): string => {
  const l = name(load.options.latest ?? '')
  return `${same(load, 't', 's')} AND (t.${l} IS NULL OR t.${l} <= s.${l})`
}

/** Staged rows, the latest of each key, but for those that come after their key's deletion. */
function arrivingOf(load: TableLoad, places: MergePlaces): string {
  const newest = newestOf(load, places)
  if (places.graves === null) return newest
  const l = name(load.options.latest ?? '')
  const late = `SELECT 1 FROM ${places.graves} AS d WHERE ${same(load, 'd', 's')} AND (s.${l} IS NULL OR d.${l} > s.${l})`
  return `(SELECT s.* FROM ${newest} AS s WHERE NOT EXISTS (${late}))`
}

function newestOf(load: TableLoad, { staging }: MergePlaces): string {
  const { key, latest } = load.options
  const columns = names(load.columns.map(c => c.name))
  return `(SELECT ${columns} FROM ${staging} WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY ${names(key)} ORDER BY ${name(latest ?? '')} DESC NULLS LAST, ${name(POSITION)} DESC) = 1)`
}

/**
 * Equal keys, null being equal to null, as equalities of both sides: only those are joined by hash, which
 * a correlated subquery must be, and IS NOT DISTINCT FROM is none.
 */
function same({ columns, options }: TableLoad, a: string, b: string): string {
  const kinds = new Map(columns.map(c => [c.name, c.kind]))
  const equal = (key: string): string => {
    const kind = kinds.get(key) as Kind
    const [x, y] = [`${a}.${name(key)}`, `${b}.${name(key)}`]
    if (!kind.optional) return `${x} = ${y}`
    const zero = zeroOf(kind)
    return `COALESCE(${x}, ${zero}) = COALESCE(${y}, ${zero}) AND (${x} IS NULL) = (${y} IS NULL)`
  }
  return options.key.map(equal).join(' AND ')
}
