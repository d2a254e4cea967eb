/** What an incremental source reads: from the mark of the last run, less an overlap, to the run's own upper end. */
import { Fault } from '../../../engine/fault.ts'
import type { PlanRequest } from '../../../engine/io/source.ts'
import { isoMicros, microsOf, timeText } from '../table/sql-times.ts'
import type { Binding } from './bind.ts'
import type { Session } from './session.ts'
import type { TableFacts } from './table-facts.ts'

export interface Span {
  /** The rows of the span; those whose time is null are in the first. */
  readonly condition: string
  /** Where the next run goes on; null where there is nothing to go on from. */
  readonly mark: string | null
  /** All rows of the span lie before the mark of the run before: the overlap's alone are read again. */
  readonly nothingNew: boolean
}

/** `overlapMs`: rows that were written late by less than that are found. Throws data: the mark is none. */
export async function spanOf(
  session: Session,
  { by, facts, overlapMs }: { by: Binding; facts: TableFacts; overlapMs: number },
  { since = null, interval = null }: PlanRequest,
): Promise<Span> {
  const type = by.field.kind.tag === 'timestamp' ? 'timestamptz' : 'timestamp'
  const it = by.column
  const from = since === null ? null : literal(micros(since) - overlapMs * 1000)
  const { to, mark } = await upper()
  const tests = [to, from === null ? null : `${it} >= ${from}`].filter(test => test !== null)
  const within = tests.length === 0 ? 'true' : tests.join(' AND ')
  // What is infinite is in every span, so that it is rejected.
  const besides = `${from === null ? ` OR ${it} IS NULL` : ''} OR NOT isfinite(${it})`
  return { condition: `((${within})${besides}) IS TRUE`, mark, nothingNew: await isOld() }

  function literal(at: number): string {
    const text = timeText(at, type)
    if (text !== null) return text
    throw new Fault('data', `table ${facts.shown}: ${at} µs is no time that a mark may have`)
  }

  function micros(mark: string): number {
    const at = microsOf(mark)
    if (Number.isSafeInteger(at)) return at
    throw new Fault('data', `table ${facts.shown}: ${JSON.stringify(mark)} is no mark`, {
      hint: 'marks are times, such as 2024-01-31T10:00:00.000000Z',
    })
  }

  /** Only an interval moves the mark to where no row need be. */
  async function isOld(): Promise<boolean> {
    if (since === null || interval === null) return false
    const news = `${to} AND ${it} >= ${literal(micros(since))}`
    const [row] = await session.rows(
      `SELECT EXISTS (SELECT 1 FROM ${facts.sql} WHERE ${news}) AS news`,
    )
    return row?.['news'] === false
  }

  async function upper(): Promise<{ to: string | null; mark: string | null }> {
    if (interval !== null) {
      const end = interval.end * 1000
      return { to: `${it} < ${literal(end)}`, mark: isoMicros(end) }
    }
    const [row] = await session.rows(
      `SELECT epoch_us(max(${it}))::DOUBLE AS mark FROM ${facts.sql} WHERE isfinite(${it})`,
    )
    const last = (row?.['mark'] as number | null | undefined) ?? null
    if (last === null) return { to: null, mark: since }
    return { to: `${it} <= ${literal(last)}`, mark: isoMicros(last) }
  }
}
