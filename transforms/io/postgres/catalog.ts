/** What the catalog of a database says of a table: its columns and their types, its key, its size. */
import { Fault, nearestName } from '../../../engine/fault.ts'
import { quoted, type TableName } from './names.ts'
import type { Session } from './session.ts'

export interface TableColumn {
  readonly name: string
  readonly number: number
  /** The type's oid; of a domain, that of the type beneath it. */
  readonly oid: number
  /** As a person writes it: `numeric(10,2)`. */
  readonly type: string
  /** The first letter of its category: N numbers, S strings, A arrays … */
  readonly category: string
  readonly notNull: boolean
  /** Of an array: the type of its elements; else null. */
  readonly element: { readonly oid: number; readonly category: string } | null
  /** Of a composite, or an array of one: the names of its fields; else null. */
  readonly fields: readonly string[] | null
  /** Of a collation by which different texts may be equal. */
  readonly vague: boolean
}

export interface TableFacts {
  /** Quoted, with its schema: as it stands in SQL. */
  readonly sql: string
  readonly shown: string
  readonly oid: number
  /** r table, p partitioned, v view, m materialized view, f foreign table. */
  readonly kind: string
  readonly columns: readonly TableColumn[]
  /** Columns of the primary key, in its order. */
  readonly key: readonly string[]
  readonly bytes: number
  /** Of the largest part, where it is partitioned. */
  readonly blocks: number
  /** As the last ANALYZE or VACUUM counted; -1 where there was none. */
  readonly rows: number
  readonly serverVersion: number
  /** The server promises UTF-8. */
  readonly utf8: boolean
}

const FIND = `SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
  c.reltuples::float8 AS rows, has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT') AS may,
  has_schema_privilege(n.oid, 'USAGE') AS enter,
  current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND CASE WHEN $1::text IS NULL THEN pg_table_is_visible(c.oid) ELSE n.nspname = $1 END`
const NEAR = `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND ($1::text IS NULL OR n.nspname = $1) ORDER BY 1, 2 LIMIT 500`
const COLUMNS = `SELECT a.attname AS name, a.attnum::int AS number, coalesce(b.oid, t.oid)::int8::float8 AS oid,
  format_type(a.atttypid, a.atttypmod) AS type, coalesce(b.typcategory, t.typcategory) AS category,
  CASE WHEN coalesce(b.typcategory, t.typcategory) = 'A' THEN json_build_object('oid', e.oid::int8, 'category', e.typcategory) END AS element,
  CASE WHEN coalesce(e.typrelid, b.typrelid, t.typrelid) <> 0 THEN (SELECT json_agg(f.attname) FROM pg_attribute f
    WHERE f.attrelid = coalesce(nullif(e.typrelid, 0), nullif(b.typrelid, 0), t.typrelid) AND f.attnum > 0 AND NOT f.attisdropped) END AS fields,
  a.attnotnull AS "notNull", coalesce(NOT k.collisdeterministic, false) AS vague
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = (
    WITH RECURSIVE down AS (SELECT t.typbasetype AS oid, 1 AS depth UNION ALL
      SELECT p.typbasetype, depth + 1 FROM down JOIN pg_type p ON p.oid = down.oid AND p.typtype = 'd')
    SELECT oid FROM down ORDER BY depth DESC LIMIT 1)
  LEFT JOIN pg_type e ON e.oid = coalesce(b.typelem, t.typelem) AND e.typtype <> 'd'
  LEFT JOIN pg_collation k ON k.oid = a.attcollation
  WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`
const KEY = `SELECT a.attname AS name FROM pg_index i
  CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
  WHERE i.indrelid = $1 AND i.indisprimary ORDER BY k.place`
const SIZE = `SELECT coalesce(sum(pg_relation_size(p.relid)), 0)::float8 AS bytes,
  coalesce(max(pg_relation_size(p.relid)), 0)::float8 / current_setting('block_size')::int AS blocks,
  coalesce(sum(c.reltuples) FILTER (WHERE c.reltuples > 0), 0)::float8 AS rows
  FROM (SELECT $1::oid::regclass AS relid UNION SELECT inhrelid FROM (
    WITH RECURSIVE below AS (SELECT inhrelid FROM pg_inherits WHERE inhparent = $1::oid
      UNION ALL SELECT i.inhrelid FROM below JOIN pg_inherits i ON i.inhparent = below.inhrelid)
    SELECT inhrelid FROM below) x) p JOIN pg_class c ON c.oid = p.relid`

/** Throws data: there is no such table; resource: it may not be read. */
export async function factsOf(session: Session, table: TableName): Promise<TableFacts> {
  const shown = [table.schema, table.name].filter(p => p !== null).join('.')
  const [found] = await session.rows(FIND, [table.schema, table.name])
  if (found === undefined) throw await missing(session, table, shown)
  if (found['may'] !== true || found['enter'] !== true)
    throw new Fault('resource', `table ${shown} of ${session.shown} may not be read`, {
      detail: [found['enter'] === true ? 'said  no SELECT' : 'said  no USAGE of its schema'],
      hint: `GRANT USAGE ON SCHEMA ${found['schema']} and SELECT ON ${quoted(table)} to the role`,
    })
  const oid = Number(found['oid'])
  const columns = (await session.rows(COLUMNS, [oid])) as unknown as TableColumn[]
  const key = (await session.rows(KEY, [oid])).map(r => r['name'] as string)
  const [size] = await session.rows(SIZE, [oid])
  return {
    sql: quoted({ schema: found['schema'] as string, name: found['name'] as string }),
    shown: `${found['schema']}.${found['name']}`,
    oid,
    kind: found['kind'] as string,
    columns,
    key,
    bytes: size?.['bytes'] as number,
    blocks: size?.['blocks'] as number,
    // Before version 14 a table that nobody counted says 0.
    rows: (found['kind'] === 'p' ? (size?.['rows'] as number) : (found['rows'] as number)) || -1,
    serverVersion: found['version'] as number,
    utf8: found['encoding'] !== 'SQL_ASCII',
  }
}

async function missing(session: Session, table: TableName, shown: string): Promise<Fault> {
  const rows = await session.rows(NEAR, [table.schema])
  const names = rows.map(r => (table.schema === null ? '' : `${r['schema']}.`) + r['name'])
  const near = nearestName(shown, names)
  return new Fault('data', `${session.shown} has no table ${shown}`, {
    detail: names.length === 0 ? [] : [`have  ${names.slice(0, 20).join(' ')}`],
    ...(near === undefined ? {} : { hint: `did you mean ${JSON.stringify(near)}?` }),
  })
}
