/**
 * Numbers of cells as text. A workbook holds doubles, which Excel writes with 17 digits (2.55 is
 * 2.5499999999999998 there) and shows with 15: those are the number that was typed.
 */

const DIGITS = 15
/** Longer texts have more digits, or an exponent. */
const SHORT = /^-?[\d.]{1,15}$/

/** The number with at most 15 digits and no exponent; whole numbers as they are, other texts too. */
export function numberText(text: string): string {
  if (SHORT.test(text) || /^-?\d+$/.test(text)) return text
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) return text
  return plainNumber(Number(value.toPrecision(DIGITS)))
}

/** Without an exponent. */
function plainNumber(value: number): string {
  const text = String(value)
  const [, sign = '', whole = '', fraction = '', exponent = ''] =
    /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? []
  if (exponent === '') return text
  const digits = whole + fraction
  const point = 1 + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return sign + digits.padEnd(point, '0')
}

const DAY_MS = 86_400_000
/** 9999-12-31. */
const DAYS_MAX = 2_958_466
/** Days from 1970 to day 0 of each way to count. */
const EPOCH_1900 = -25_569
const EPOCH_1904 = -24_107

/** What a date is wanted for: a text shows it as short as it is, a date has no time, a time has always one. */
export type Dated = 'text' | 'date' | 'time'

/**
 * A number of days as a date, a time of day (below 1, in a text) or both, in ISO 8601, to the
 * millisecond; null: no day is meant. Day 60 of 1900 is a 29 February that never was, and those before
 * it are one later.
 */
export function dateText(serial: number, o: { from1904: boolean; as: Dated }): string | null {
  if (!(serial >= 0 && serial < DAYS_MAX)) return null
  const ms = Math.round(serial * DAY_MS)
  const days = Math.floor(ms / DAY_MS)
  if (days === 60 && !o.from1904) return null
  const early = !o.from1904 && days < 60 ? 1 : 0
  const epoch = o.from1904 ? EPOCH_1904 : EPOCH_1900 + early
  const text = new Date(ms + epoch * DAY_MS).toISOString()
  const time = text.slice(11, -1).replace(/\.000$/, '')
  if (days === 0 && o.as === 'text') return time
  return ms % DAY_MS === 0 && o.as !== 'time' ? text.slice(0, 10) : `${text.slice(0, 10)}T${time}`
}
