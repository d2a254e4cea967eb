/** Audits, asked of the tables as they will stand; what fails is counted and some of it shown. */
import { Fault } from '../../../engine/fault.ts'
import type { Audit, TableLoad } from '../../../engine/io/warehouse.ts'
import { each } from '../objects/each.ts'
import { auditQuery, auditTitle } from '../table/audit-sql.ts'
import { DIALECT, stagingName, tableOf } from './names.ts'
import { pages, select } from './query.ts'
import type { Session } from './session.ts'
import { asPublished, type Standing } from './standing.ts'
import { rowOf } from './values.ts'

const ROWS_SHOWN = 3
/** Queries at a time; a project may run a hundred. */
const QUERIES_MAX = 8

/** Throws data: the first audit, in the order of loads and audits, that fails. */
export async function runAudits(
  session: Session,
  loads: readonly TableLoad[],
  standing: ReadonlyMap<TableLoad, Standing>,
): Promise<void> {
  const all = loads.flatMap(load => (load.options.audit as Audit[]).map(audit => ({ load, audit })))
  const run = ({ load, audit }: (typeof all)[0]): Promise<Fault | null> => {
    const sql = auditQuery(audit, load.table, DIALECT).replace(/[;\s]+$/, '')
    const query = asPublished(loads, { dataset: session.dataset, standing, query: sql })
    return runAudit(session, load, { title: auditTitle(audit), sql, query })
  }
  const failed = await each(all, run, { parallel: QUERIES_MAX })
  const first = failed.find(f => f !== null)
  if (first) throw first
}

async function runAudit(
  session: Session,
  load: TableLoad,
  o: { title: string; sql: string; query: string },
): Promise<Fault | null> {
  const { api, dataset } = session
  const subject = `audit "${o.title}" of table ${load.table}`
  const result = await select(api, { sql: o.query, dataset, subject, at: load.at })
  if (result.rows === 0) return null
  const shown: string[] = []
  for await (const page of pages(api, result, 0, Math.min(result.rows, ROWS_SHOWN)))
    for (const cells of page) shown.push(JSON.stringify(rowOf(result.fields, cells), readable))
  return new Fault(
    'data',
    `${subject} failed for ${result.rows} ${result.rows === 1 ? 'row' : 'rows'}`,
    {
      at: load.at,
      detail: [
        ...shown.map(row => `row   ${row}`),
        `sql   ${o.sql}`,
        `kept  ${tableOf(dataset, stagingName(load))}`,
      ],
      hint: 'nothing was published; the staging table is kept for three days: look at its rows',
    },
  )
}

const readable = (_: string, value: unknown): unknown => {
  if (typeof value !== 'bigint') return value
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
}
