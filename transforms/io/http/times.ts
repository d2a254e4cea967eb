/** From when to when an incremental source reads, and up to where the next run may begin. */
import { Fault } from '../../../engine/fault.ts'
import type { PlanRequest } from '../../../engine/io/source.ts'
import type { HttpChoices } from './options.ts'
import type { Times } from './paging.ts'

/**
 * Times in the service's own form. A run of an interval reads from its start, or from the mark where
 * runs were missed; others from the mark; the overlap comes before either.
 *
 * Throws  data: the mark is no time
 */
export function timesOf(
  { since = null, interval = null }: PlanRequest,
  { incremental }: HttpChoices,
): Times {
  if (incremental === null) return { since: null, until: null }
  const { overlapMs, as } = incremental
  const marked = since === null ? Infinity : Date.parse(since)
  if (Number.isNaN(marked))
    throw new Fault('data', `the mark ${JSON.stringify(since)} is no time`, {
      hint: 'marks of this source are times in ISO 8601',
    })
  const from = Math.min(marked, interval?.start ?? Infinity)
  return {
    since: from === Infinity ? null : written(from - overlapMs, as),
    until: interval === null ? null : written(interval.end, as),
  }
}

/** The mark of this run: its interval's end, or when it was planned, by the service's own clock. */
export function markOf({ interval = null }: PlanRequest, date: string | null): string {
  const at = interval?.end ?? Date.parse(date ?? '')
  return new Date(Number.isNaN(at) ? Date.now() : at).toISOString()
}

function written(ms: number, as: string): string {
  if (as === 'epochSeconds') return String(Math.floor(ms / 1000))
  return as === 'epochMilliseconds' ? String(ms) : new Date(ms).toISOString()
}
