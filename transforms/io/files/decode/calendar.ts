/** Dates and times from text: ISO 8601 and its common relatives, or a format such as `d/M/yyyy H:mm`. */
import { Fault } from '../../../../engine/fault.ts'

/** A moment as its text has it. */
export interface Parsed {
  readonly days: number
  /** Of the day. */
  readonly micros: number
  /** Offset from UTC in minutes; null where the text has no zone. */
  readonly zone: number | null
}
/** Why a text is no moment; '' where it does not look like one. */
export type Why = string
export type Parse = (text: string) => Parsed | Why

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?(?: ?(Z|z|UTC|[+-]\d\d(?::?\d\d)?))?)?$/

export const parseIso: Parse = text => {
  const found = ISO.exec(text)
  if (found === null) return ''
  const [, y, month, day, h = '0', m = '0', s = '0', fraction = '', zone] = found
  return moment({
    y: Number(y),
    month: Number(month),
    day: Number(day),
    h: Number(h),
    m: Number(m),
    s: Number(s),
    fraction,
    zone,
  })
}

interface Parts {
  readonly y: number
  readonly month: number
  readonly day: number
  readonly h: number
  readonly m: number
  readonly s: number
  readonly fraction: string
  readonly zone: string | undefined
}

function moment({ y, month, day, h, m, s, fraction, zone }: Parts): Parsed | Why {
  const days = daysOf(y, month, day)
  if (Number.isNaN(days)) return 'there is no such day'
  if (h > 23 || m > 59 || s > 59) return 'there is no such time of day'
  if (/[1-9]/.test(fraction.slice(6))) return 'would be rounded to microseconds'
  const offset = zone === undefined ? null : offsetOf(zone)
  if (Number.isNaN(offset)) return 'there is no such zone'
  const micros = ((h * 60 + m) * 60 + s) * 1e6 + Number(fraction.slice(0, 6).padEnd(6, '0'))
  return { days, micros, zone: offset }
}

function offsetOf(zone: string): number {
  if (/^(?:Z|UTC)$/i.test(zone)) return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(3).replace(':', '') || 0)
  if (hours > 18 || minutes > 59) return Number.NaN
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes)
}

const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Days since 1970-01-01 in the proleptic Gregorian calendar; NaN where there is no such day. */
export function daysOf(y: number, month: number, day: number): number {
  const leap = y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0)
  const length = month === 2 && leap ? 29 : (LENGTHS[month - 1] ?? 0)
  if (day < 1 || day > length) return Number.NaN
  // Years from March on, so that the leap day comes last (Hinnant, chrono-compatible algorithms).
  const year = month > 2 ? y : y - 1
  const era = Math.floor(year / 400)
  const yearOfEra = year - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** What each letter run of a format stands for. */
const FORMAT: { readonly [letters: string]: string } = {
  yyyy: String.raw`(?<y>\d{4})`,
  yy: String.raw`(?<yy>\d{2})`,
  MMMM: '(?<name>[A-Za-z]+)',
  MMM: '(?<name>[A-Za-z]{3})',
  MM: String.raw`(?<month>\d{2})`,
  M: String.raw`(?<month>\d{1,2})`,
  dd: String.raw`(?<day>\d{2})`,
  d: String.raw`(?<day>\d{1,2})`,
  HH: String.raw`(?<h>\d{2})`,
  H: String.raw`(?<h>\d{1,2})`,
  hh: String.raw`(?<half>\d{2})`,
  h: String.raw`(?<half>\d{1,2})`,
  a: String.raw`(?<noon>[AaPp])\.?[Mm]\.?`,
  mm: String.raw`(?<m>\d{2})`,
  m: String.raw`(?<m>\d{1,2})`,
  ss: String.raw`(?<s>\d{2})`,
  s: String.raw`(?<s>\d{1,2})`,
  S: String.raw`(?<fraction>\d{1,9})`,
  X: String.raw`(?<zone>Z|[+-]\d\d(?::?\d\d)?)`,
}

/**
 * A parser for a format: `yyyy yy MMMM MMM MM M dd d HH H hh h a mm m ss s S X`, text in 'quotes', and
 * any other character for itself. `yy` is 1970 to 2069; month names are English.
 *
 * Throws pipeline: an unknown letter, no year, month and day
 */
export function parserOf(format: string): Parse {
  const source = format.replace(/'([^']*)'|([A-Za-z])\2*|[^A-Za-z']/g, (run, quoted, letter) => {
    if (quoted !== undefined) return RegExp.escape(quoted || "'")
    if (letter === undefined) return RegExp.escape(run)
    const known = Object.hasOwn(FORMAT, run) ? FORMAT[run] : letter === 'S' ? FORMAT.S : undefined
    if (known === undefined) throw bad(format, `${JSON.stringify(run)} is no part of a date`)
    return known
  })
  let pattern: RegExp
  try {
    pattern = new RegExp(`^${source}$`)
  } catch {
    throw bad(format, 'a part comes twice')
  }
  const day =
    /\(\?<day>/.test(source) && /\(\?<(?:month|name)>/.test(source) && /\(\?<yy?>/.test(source)
  if (!day) throw bad(format, 'it needs a year, a month and a day')
  return text => {
    const g = pattern.exec(text)?.groups
    if (g === undefined) return ''
    const { y, yy, month, name, day, h, half, noon, m = '0', s = '0', fraction = '', zone } = g
    const short = Number(yy)
    let hour = Number(h ?? 0)
    if (half !== undefined) {
      if (Number(half) < 1 || Number(half) > 12) return 'there is no such time of day'
      hour = (Number(half) % 12) + (/p/i.test(noon ?? '') ? 12 : 0)
    }
    return moment({
      y: y === undefined ? short + (short < 70 ? 2000 : 1900) : Number(y),
      month: name === undefined ? Number(month) : monthOf(name),
      day: Number(day),
      h: hour,
      m: Number(m),
      s: Number(s),
      fraction,
      zone,
    })
  }
}

const FULL = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]

function monthOf(name: string): number {
  const lower = name.toLowerCase()
  return (lower.length === 3 ? MONTHS.indexOf(lower) : FULL.indexOf(lower)) + 1
}

const bad = (format: string, why: string): Fault =>
  new Fault('pipeline', `date format ${JSON.stringify(format)} is not possible: ${why}`, {
    hint: "such as 'd/M/yyyy H:mm' or 'yyyyMMdd'; y year, M month, d day, H hour, m minute, s second",
  })
