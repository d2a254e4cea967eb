/** What an incremental source reads: from the mark of the last run, less an overlap, to the run's own upper end. */
import { Fault } from '../../../engine/fault.ts'
import type { PlanRequest } from '../../../engine/io/source.ts'
import type { Binding } from './bind.ts'
import type { TableFacts } from './catalog.ts'
import { isoMicros, microsOf, timeText } from '../table/sql-times.ts'
import type { Session } from './session.ts'

export interface Span {
  /** The rows of the span. Those whose time is infinite are in each, so that they are rejected. */
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
  const at = (micros: number): string => {
    const text = timeText(micros, type)
    if (text !== null) return text
    throw new Fault('data', `table ${facts.shown}: ${micros} µs is no time that a mark may have`)
  }
  const from = since === null ? null : micros(since, facts) - overlapMs * 1000
  const { to, mark } = await upper()
  const low = from === null ? '' : ` AND ${by.sql} >= ${at(from)}`
  const nulls = from === null ? ` OR ${by.sql} IS NULL` : ''
  const high = to === null ? 'true' : to
  const condition = `((${high}${low}) OR NOT isfinite(${by.sql})${nulls})`
  return { condition, mark, nothingNew: await isOld() }

  /** Only an interval moves the mark to where no row need be. */
  async function isOld(): Promise<boolean> {
    if (since === null || interval === null) return false
    const news = `${high} AND ${by.sql} >= ${at(micros(since, facts))}`
    const [row] = await session.rows(
      `SELECT EXISTS (SELECT 1 FROM ${facts.sql} WHERE ${news}) AS news`,
    )
    return row?.['news'] === false
  }

  async function upper(): Promise<{ to: string | null; mark: string | null }> {
    if (interval !== null) {
      const end = interval.end * 1000
      return { to: `${by.sql} < ${at(end)}`, mark: isoMicros(end) }
    }
    const [row] = await session.rows(
      `SELECT max(${by.sql})::text AS mark FROM ${facts.sql} WHERE isfinite(${by.sql})`,
    )
    const found = (row?.['mark'] as string | null | undefined) ?? null
    if (found === null) return { to: null, mark: since }
    const last = micros(found, facts)
    return { to: `${by.sql} <= ${at(last)}`, mark: isoMicros(last) }
  }
}

function micros(text: string, { shown }: TableFacts): number {
  const found = microsOf(text)
  if (Number.isFinite(found)) return found
  throw new Fault('data', `table ${shown}: its mark ${JSON.stringify(text)} is no time`, {
    hint: 'a mark is written as 2024-01-31T10:00:00.123456Z',
  })
}
