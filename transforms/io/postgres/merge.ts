/**
 * Merge by key keeping the latest, with the outcome of the embedded warehouse's (`duckdb/merge.ts`): of
 * the staged rows of a key the latest wins, then the later in the shards; it replaces a row of the table
 * that is not newer. A null `latest` is the oldest; null keys are equal. A row flagged as deleted
 * removes its key and is not kept; the key and the time of its deletion are remembered beside the table.
 * Keys are compared in a form that can be hashed, which IS NOT DISTINCT FROM cannot: without it a merge
 * would compare each row with each.
 */
import type { Kind } from '../../../engine/data/kind.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { deletedName, ident, idents, inStaging } from './names.ts'
import { positionColumn } from './stage.ts'

/** Names of a load's tables: the staged rows (unquoted), and the table with its schema, quoted. */
export interface Places {
  readonly staged: string
  readonly target: string
}

/** The statements of a merge, inside the transaction. */
export function mergeStatements(load: TableLoad, { staged, target }: Places): string[] {
  const { key, latest, deleted } = load.options
  const columns = idents(load.columns.map(c => c.name))
  const arriving = inStaging(`${staged}-new`)
  const l = (table: string): string => inOrder(load, `${table}.${ident(latest ?? '')}`)
  const same = (a: string, b: string): string => sameKey(load, a, b)
  const graves = deleted === null ? null : inStaging(deletedName(target, key))
  const late = `WHERE NOT EXISTS (SELECT 1 FROM ${graves} AS d WHERE ${same('d', 's')} AND (${l('s')} IS NULL OR ${l('d')} > ${l('s')}))`
  const missing = `NOT EXISTS (SELECT 1 FROM ${target} AS t WHERE ${same('t', 's')})`
  const buried = idents([...key, latest ?? ''])
  const kept = deleted === null ? '' : ` AND s.${ident(deleted)} IS NOT TRUE`
  return [
    ...(graves === null
      ? []
      : [`CREATE TABLE IF NOT EXISTS ${graves} AS SELECT ${buried} FROM ${target} LIMIT 0`]),
    `CREATE UNLOGGED TABLE ${arriving} AS SELECT ${columns} FROM (${newestOf(load, columns, staged)}) AS s ${graves === null ? '' : late}`,
    `ANALYZE ${arriving}`,
    `DELETE FROM ${target} AS t USING ${arriving} AS s WHERE ${same('t', 's')} AND (${l('t')} IS NULL OR ${l('t')} <= ${l('s')})`,
    `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${arriving} AS s WHERE ${missing}${kept}`,
    ...(graves === null || deleted === null
      ? []
      : [
          `INSERT INTO ${graves} SELECT ${buried} FROM ${arriving} AS s WHERE s.${ident(deleted)} AND ${l('s')} IS NOT NULL AND ${missing} AND NOT EXISTS (SELECT 1 FROM ${graves} AS d WHERE ${same('d', 's')} AND ${l('d')} >= ${l('s')})`,
          `DELETE FROM ${graves} AS d WHERE EXISTS (SELECT 1 FROM ${graves} AS e WHERE ${same('e', 'd')} AND ${l('e')} > ${l('d')})`,
        ]),
    `DROP TABLE ${arriving}`,
  ]
}

/** The latest staged row of each key. */
function newestOf(load: TableLoad, columns: string, staged: string): string {
  const { key, latest } = load.options
  const keys = idents(key)
  const position = ident(positionColumn(load) as string)
  return `SELECT DISTINCT ON (${keys}) ${columns} FROM ${inStaging(staged)} ORDER BY ${keys}, ${inOrder(load, ident(latest ?? ''))} DESC NULLS LAST, ${position} DESC`
}

/** Texts are ordered by their bytes, as the engine orders them. */
function inOrder(load: TableLoad, sql: string): string {
  const { latest } = load.options
  const kind = load.columns.find(c => c.name === latest)?.kind
  return kind?.tag === 'utf8' ? `${sql} COLLATE "C"` : sql
}

function sameKey({ columns, options }: TableLoad, a: string, b: string): string {
  return options.key
    .map(name => {
      const kind = columns.find(c => c.name === name)?.kind as Kind
      const [left, right] = [`${a}.${ident(name)}`, `${b}.${ident(name)}`]
      if (!kind.optional) return `${left} = ${right}`
      const some = someValue(kind)
      return `coalesce(${left}, ${some}) = coalesce(${right}, ${some}) AND (${left} IS NULL) = (${right} IS NULL)`
    })
    .join(' AND ')
}

/** Any value of the kind: it stands where there is none. */
function someValue({ tag }: Kind): string {
  if (tag === 'utf8') return "''"
  if (tag === 'bytes') return "'\\x'::bytea"
  if (tag === 'bool') return 'false'
  if (tag === 'json') return "'null'::jsonb"
  if (tag === 'date') return "'1970-01-01'::date"
  if (tag === 'timestamp') return "'1970-01-01Z'::timestamptz"
  return tag === 'datetime' ? "'1970-01-01'::timestamp" : '0'
}
