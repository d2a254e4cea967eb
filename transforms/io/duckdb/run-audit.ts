/** Runs an audit and shows what failed. */
import { Fault } from '../../../engine/fault.ts'
import type { Audit, TableLoad } from '../../../engine/io/warehouse.ts'
import { auditQuery, auditTitle } from '../table/audit-sql.ts'
import type { Row, Session } from './session.ts'
import { DIALECT, stagingOf } from './names.ts'

const ROWS_SHOWN = 3

/** Counts all failing rows and keeps the first few: there may be as many as the table has. Throws data. */
export async function runAudit(session: Session, load: TableLoad, audit: Audit): Promise<void> {
  const sql = auditQuery(audit, load.table, DIALECT).replace(/[;\s]+$/, '')
  const shown: Row[] = []
  let count = 0
  // As a subquery it can only read: no second statement ends the transaction.
  for await (const rows of session.stream(`SELECT * FROM (\n${sql}\n)`, load)) {
    count += rows.length
    shown.push(...rows.slice(0, ROWS_SHOWN - shown.length))
  }
  if (count === 0) return
  const title = `audit "${auditTitle(audit)}" of table ${load.table}`
  throw new Fault('data', `${title} failed for ${count} ${count === 1 ? 'row' : 'rows'}`, {
    at: load.at,
    detail: [
      ...shown.map(row => `row   ${JSON.stringify(row, readable)}`),
      `sql   ${sql}`,
      `kept  ${stagingOf(load)}`,
    ],
    hint: 'nothing was published; look at the rows in the staging table',
  })
}

const readable = (_: string, value: unknown): unknown => {
  if (typeof value !== 'bigint') return value
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
}
