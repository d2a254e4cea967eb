/** Runs an audit in the transaction that publishes, and shows what failed. */
import { Fault } from '../../../engine/fault.ts'
import type { Audit, TableLoad } from '../../../engine/io/warehouse.ts'
import { auditQuery, auditTitle, type Dialect } from '../table/audit-sql.ts'
import { ident, inStaging, literal, quoted, tableName } from './names.ts'
import type { Session } from './session.ts'

const ROWS_SHOWN = 3

const DIALECT: Dialect = {
  name: ident,
  text: literal,
  notFinite: value => `'${value}'::float8`,
  table: table => quoted(tableName(table)),
}

/** Counts all failing rows and keeps the first few: there may be as many as the table has. Throws data. */
export async function runAudit(
  session: Session,
  load: TableLoad,
  { audit, staged }: { audit: Audit; staged: string },
): Promise<void> {
  const sql = auditQuery(audit, load.table, DIALECT).replace(/[;\s]+$/, '')
  const title = `audit "${auditTitle(audit)}" of table ${load.table}`
  const about = { what: `${title} cannot be run`, at: load.at }
  const from = `(\n${sql}\n) AS failing`
  const shown = await session.rows(`SELECT * FROM ${from} LIMIT ${ROWS_SHOWN}`, [], about)
  if (shown.length === 0) return
  const [counted] = await session.rows(`SELECT count(*)::float8 AS n FROM ${from}`, [], about)
  const count = counted?.['n'] as number
  throw new Fault('data', `${title} failed for ${count} ${count === 1 ? 'row' : 'rows'}`, {
    at: load.at,
    detail: [
      ...shown.map(row => `row   ${JSON.stringify(row)}`),
      `sql   ${sql}`,
      `kept  ${inStaging(staged)}`,
    ],
    hint: 'nothing was published; look at the rows in the staging table',
  })
}
