/** What the database remembers of loads: those that were published, and staging tables. */
import { Fault } from '../../../engine/fault.ts'
import type { PublishReceipt, TableLoad } from '../../../engine/io/warehouse.ts'
import type { Found } from './columns.ts'
import { inStaging, literal, prefixOf, STAGING } from './names.ts'
import type { Session } from './session.ts'

const LEDGER = `${STAGING}.loads`
const LEDGER_COLUMNS =
  'id text PRIMARY KEY, "table" text NOT NULL, rows bigint NOT NULL, published timestamptz NOT NULL, publication uuid NOT NULL'

/** Of a statement, for its failure. */
interface About {
  readonly what: string
  readonly at: string
}

/** Makes the staging schema and the ledger. Throws resource: it cannot be written to. */
export async function prepare(session: Session, uri: string): Promise<void> {
  const what = `${uri} cannot be written to`
  const [found] = await session.rows(
    `SELECT to_regnamespace('${STAGING}') IS NOT NULL AS schema, to_regclass('${LEDGER}') IS NOT NULL AS ledger, pg_is_in_recovery() AS standby`,
  )
  if (found?.['standby'] === true)
    throw new Fault('resource', `${what}: it is a standby`, {
      hint: 'give the address of the primary',
    })
  if (found?.['ledger'] === true) return
  const schema = found?.['schema'] === true ? [] : [`CREATE SCHEMA IF NOT EXISTS ${STAGING}`]
  const make = [...schema, `CREATE TABLE IF NOT EXISTS ${LEDGER} (${LEDGER_COLUMNS})`]
  // Two runs that begin would both make them.
  await session.transaction({ keep: true }, async () => {
    await session.rows('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [STAGING])
    for (const sql of make) await session.run(sql, { what })
  })
}

export async function isKnown(session: Session, id: string, about: About): Promise<boolean> {
  return (await session.rows(`SELECT 1 FROM ${LEDGER} WHERE id = $1`, [id], about)).length > 0
}

/** `sql`: the table, quoted. */
export async function remember(
  session: Session,
  { id, rows }: TableLoad,
  o: About & { readonly sql: string; readonly publication: string },
): Promise<void> {
  await session.rows(
    `INSERT INTO ${LEDGER} VALUES ($1, $2, $3, now(), $4) ON CONFLICT (id) DO UPDATE SET "table" = excluded."table", rows = excluded.rows, published = excluded.published, publication = excluded.publication`,
    [id, o.sql, rows, o.publication],
    o,
  )
}

/** A table that is new has no loads and no deleted keys behind it. */
export async function forget(session: Session, sql: string): Promise<void> {
  await session.rows(`DELETE FROM ${LEDGER} WHERE "table" = $1`, [sql])
  for (const name of await stagingTables(session, sql))
    if (hasDeleted(name, sql)) await session.run(`DROP TABLE ${inStaging(name)}`)
}

/** Whether a staging table has the deleted keys of a table. */
export const hasDeleted = (name: string, sql: string): boolean =>
  name.startsWith(`${prefixOf(sql)}deleted-`)

/** Columns of a table that stands; none where it does not. */
export async function columnsOf(session: Session, table: string): Promise<Found[]> {
  const rows = await session.rows(
    'SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS "notNull" FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum',
    [table],
  )
  return rows as unknown as Found[]
}

export async function stagingTables(session: Session, table: string): Promise<string[]> {
  const rows = await session.rows(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = to_regnamespace('${STAGING}') AND relkind = 'r' AND starts_with(relname, ${literal(prefixOf(table))})`,
  )
  return rows.map(r => r['name'] as string)
}

/** Receipts of a publication that was committed; null where it was not. */
export async function published(
  session: Session,
  loads: readonly TableLoad[],
  publication: string,
): Promise<PublishReceipt[] | null> {
  const found = await session.rows(`SELECT id FROM ${LEDGER} WHERE publication = $1`, [publication])
  if (found.length === 0) return null
  const ids = new Set(found.map(r => r['id']))
  return loads.map(({ id, table, rows }) => ({ id, table, rows, adopted: !ids.has(id) }))
}
