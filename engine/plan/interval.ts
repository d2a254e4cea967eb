/**
 * Intervals of a pipeline that runs again and again: time cut without gap and without overlap, by the
 * hour, day or month of UTC, or between the times of a cron line. An interval is named by its start.
 */
import { Cron } from './cron.ts'
import { quote, refuse } from './refuse.ts'

/** Epoch milliseconds [start, end). */
export interface Interval {
  readonly start: number
  readonly end: number
}

export type Every =
  | 'hour'
  | 'day'
  | 'month'
  | { readonly cron: string; readonly timeZone?: string | undefined }

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Backfills are counted before they begin. */
const INTERVALS_MAX = 100_000

interface Bounds {
  /** The last bound up to a time, and the first after it. */
  upTo(ms: number): number
  after(ms: number): number
}

/** Throws pipeline: it is none of these. */
export function boundsOf(every: Every): Bounds {
  if (every === 'hour' || every === 'day') return steady(every === 'hour' ? HOUR : DAY)
  if (every === 'month') return { upTo: ms => monthOf(ms, 0), after: ms => monthOf(ms, 1) }
  if (typeof every?.cron !== 'string')
    refuse(`every: ${quote(String(every))} is no interval`, {
      have: ['hour', 'day', 'month', "{ cron: '15 6 * * *', timeZone: 'Europe/Berlin' }"],
    })
  const cron = new Cron(every.cron, every.timeZone ?? 'UTC')
  const known = (ms: number | null): number =>
    ms ?? refuse(`cron ${quote(every.cron)} names no time near by`, {})
  return { upTo: ms => known(cron.upTo(ms)), after: ms => known(cron.after(ms)) }
}

const steady = (ms: number): Bounds => ({
  upTo: at => Math.floor(at / ms) * ms,
  after: at => (Math.floor(at / ms) + 1) * ms,
})

function monthOf(ms: number, more: number): number {
  const at = new Date(ms)
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + more, 1)
}

/** The last interval that has ended. */
export function lastComplete(every: Every, now: number): Interval {
  const bounds = boundsOf(every)
  const end = bounds.upTo(now)
  return { start: bounds.upTo(end - 1), end }
}

/** The interval that begins then. Throws pipeline: none does, or it has not ended. */
export function intervalFrom(every: Every, start: number, now: number): Interval {
  const bounds = boundsOf(every)
  const begins = bounds.upTo(start)
  if (begins !== start)
    refuse(`no interval begins at ${timeText(start)}`, {
      detail: [`every  ${everyText(every)}`],
      hint: `the one around it begins at ${timeText(begins)}`,
    })
  const interval = { start, end: bounds.after(start) }
  if (interval.end > now) throw notEnded(interval, every, now)
  return interval
}

/** Those that lie within [from, to) and have ended, in their order. Throws pipeline: there is none, or too many. */
export function intervalsWithin(every: Every, within: Interval, now: number): Interval[] {
  const bounds = boundsOf(every)
  const found: Interval[] = []
  const first = bounds.upTo(within.start)
  let start = first === within.start ? first : bounds.after(within.start)
  for (let end = bounds.after(start); end <= within.end; end = bounds.after(start)) {
    if (end > now) throw notEnded({ start, end }, every, now)
    found.push({ start, end })
    if (found.length > INTERVALS_MAX)
      refuse(`there are more than ${INTERVALS_MAX} intervals from ${timeText(within.start)}`, {})
    start = end
  }
  if (found.length === 0)
    refuse(`no whole interval lies from ${timeText(within.start)} to ${timeText(within.end)}`, {
      detail: [`every  ${everyText(every)}`],
    })
  return found
}

function notEnded(interval: Interval, every: Every, now: number): never {
  refuse(`interval ${intervalText(interval)} has not ended`, {
    detail: [`it ends ${timeText(interval.end)}, now it is ${timeText(now)}`],
    hint: `the last one that has begins at ${timeText(lastComplete(every, now).start)}`,
  })
}

/** As it is given on a command line: `2026-11-21T10:00Z`. */
export const timeText = (ms: number): string =>
  new Date(ms).toISOString().replace(/(?::00)?\.000Z$/, 'Z')

export const intervalText = ({ start, end }: Interval): string =>
  `${timeText(start)}/${timeText(end)}`

export const everyText = (every: Every): string =>
  typeof every === 'string' ? every : `${every.cron} ${every.timeZone ?? 'UTC'}`
