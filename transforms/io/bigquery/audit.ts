/** Audits, asked of the tables as they will stand; what fails is counted and some of it shown. */
import { Fault } from '../../../engine/fault.ts'
import type { Audit, TableLoad } from '../../../engine/io/warehouse.ts'
import { each } from '../objects/each.ts'
import { auditQuery, auditTitle } from '../table/audit-sql.ts'
import { ApiFailure } from './failure.ts'
import { DIALECT, stagingName, tableOf } from './names.ts'
import { pages, select } from './query.ts'
import type { Session } from './session.ts'
import { asPublished, type Standing } from './standing.ts'
import { rowOf } from './values.ts'

const ROWS_SHOWN = 3
/** Of one query: the service bounds how much one may be. */
const AUDITS_MAX = 50
/** Queries at a time; a project may run a hundred. */
const QUERIES_MAX = 8

interface Asked {
  readonly load: TableLoad
  readonly title: string
  /** Its rows are those that fail. */
  readonly sql: string
}

interface Loads {
  readonly loads: readonly TableLoad[]
  readonly standing: ReadonlyMap<TableLoad, Standing>
}

/** Throws data: the first audit, in the order of loads and audits, that fails. */
export async function runAudits(session: Session, of: Loads): Promise<void> {
  const all = of.loads.flatMap(load =>
    (load.options.audit as Audit[]).map(audit => ({
      load,
      title: auditTitle(audit),
      sql: auditQuery(audit, load.table, DIALECT).replace(/[;\s]+$/, ''),
    })),
  )
  const parts: Asked[][] = []
  for (let from = 0; from < all.length; from += AUDITS_MAX)
    parts.push(all.slice(from, from + AUDITS_MAX))
  for (const part of parts) {
    const suspects = part.length === 1 ? part : await failing(session, of, part)
    const run = (audit: Asked) => runAudit(session, of, audit)
    const failed = await each(suspects, run, { parallel: QUERIES_MAX })
    const first = failed.find(f => f !== null)
    if (first) throw first
  }
}

/** Audits that have rows, found by one query for all; all of them, where that is refused for one of them. */
async function failing(
  { api, dataset }: Session,
  { loads, standing }: Loads,
  audits: readonly Asked[],
): Promise<readonly Asked[]> {
  const counts = audits.map(
    ({ sql }, i) => `SELECT ${i} AS audit, COUNT(*) AS failed FROM (\n${sql}\n)`,
  )
  const all = `SELECT audit FROM (${counts.join('\nUNION ALL ')}) WHERE failed > 0`
  const query = asPublished(loads, { dataset, standing, query: all })
  const subject = `${audits.length} audits`
  try {
    const result = await select(api, { sql: query, dataset, subject, first: audits.length })
    const found = new Set<number>()
    for await (const page of pages(api, result, 0, result.rows))
      for (const cells of page) found.add(Number(rowOf(result.fields, cells)['audit']))
    return audits.filter((_, i) => found.has(i))
  } catch (error) {
    // One by one it shows which is wrong, or each is small enough.
    const { cause } = error as Error
    const apart = cause instanceof ApiFailure && cause.reason === 'resourcesExceeded'
    if (error instanceof Fault && (error.kind === 'data' || apart)) return audits
    throw error
  }
}

async function runAudit(
  { api, dataset }: Session,
  { loads, standing }: Loads,
  { load, title, sql }: Asked,
): Promise<Fault | null> {
  const subject = `audit "${title}" of table ${load.table}`
  const query = asPublished(loads, { dataset, standing, query: sql })
  const o = { sql: query, dataset, subject, at: load.at, first: ROWS_SHOWN }
  const result = await select(api, o)
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
        `sql   ${sql}`,
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
