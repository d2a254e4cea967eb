/** Dates and times in SQL, as Postgres and DuckDB both take them, and as marks have them. */
import { DAY_MS } from '../../../engine/data/value.ts'

/** Days and microseconds of the years 1 to 9999, which are written with four digits. */
const FIRST_DAY = Date.UTC(2001, 0, 1) / DAY_MS - 730_485
const LAST_DAY = Date.UTC(9999, 11, 31) / DAY_MS

export function dayText(days: number): string | null {
  if (days < FIRST_DAY || days > LAST_DAY) return null
  return `'${new Date(days * DAY_MS).toISOString().slice(0, 10)}'::date`
}

/** Microseconds since 1970, whole: exact to the last. Null outside the years 1 to 9999. */
export function timeText(micros: number, type: 'timestamptz' | 'timestamp'): string | null {
  const day = Math.floor(micros / 1000 / DAY_MS)
  if (day < FIRST_DAY || day > LAST_DAY) return null
  return `'${isoMicros(micros)}'::${type}`
}

/** `2024-01-31T10:00:00.123456Z`. */
export function isoMicros(micros: number): string {
  const millis = Math.floor(micros / 1000)
  const rest = String(micros - millis * 1000).padStart(3, '0')
  return new Date(millis).toISOString().replace('Z', `${rest}Z`)
}

/** Microseconds of such a text, or of one as Postgres writes it: `2024-01-31 10:00:00.12+00`. NaN: neither. */
export function microsOf(text: string): number {
  const found = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|\+00)?$/.exec(text)
  if (found === null) return Number.NaN
  const [, day, time, fraction = ''] = found
  return Date.parse(`${day}T${time}Z`) * 1000 + Number(fraction.padEnd(6, '0'))
}
