/**
 * date (days), timestamp and datetime (microseconds). `yyyy-MM-dd`, `yyyy-MM-dd HH:mm[:ss]` and
 * `yyyy-MM-ddTHH:mm:ss[.SSS]Z` are read in place; the rest goes through `calendar.ts`, once for a run of equal texts.
 */
import type { Column } from '../../../../engine/data/column.ts'
import { daysOf, type Parse, parseIso } from './calendar.ts'
import { type Fields, isNull } from '../fields.ts'
import type { Left } from './index.ts'
import { trimmed } from './text-of.ts'

const DAY = 86_400e6
/** Farther from 1970 a double's microseconds have gaps; whole seconds fit all four-digit years. */
const DAYS_EXACT = 104_000

/** How a column's times are written. */
export interface Clock {
  /** Null where the texts are ISO. */
  readonly parse: Parse | null
  /** Wall clock → UTC, for timestamps without a zone; null where they are UTC. */
  readonly toUtc: ((micros: number) => number) | null
  /** True where a bare number is epoch milliseconds. */
  readonly epoch?: boolean
}

export function time(f: Fields, k: number, column: Column, clock: Clock, left: Left): void {
  const { parse, toUtc } = clock
  const { bytes, at, rows } = f
  const { valid, kind } = column
  const values = column.values as Float64Array
  const slow = new SlowTimes(f, kind.tag, clock)
  const fast = parse === null && (toUtc === null || kind.tag !== 'timestamp')
  const instant = kind.tag === 'timestamp'
  const step = f.stride * 2
  const days = kind.tag === 'date'
  let lastKey = -1
  let lastDay = 0
  const count = left === null ? rows : left.length
  for (let j = 0; j < count; j++) {
    const row = left === null ? j : (left[j] as number)
    const p = 2 * k + row * step
    const end = at[p + 1] as number
    const i = at[p] as number
    let length = end - i
    const none = isNull(end)
    if (valid !== null) valid[row] = none ? 0 : 1
    if (none) {
      values[row] = 0
      continue
    }
    let bad = fast ? 0 : 1
    let millis = 0
    if (instant && bytes[end - 1] === 90 && (length === 20 || length === 24)) {
      if (length === 24) {
        const f0 = (bytes[i + 20] as number) - 48
        const f1 = (bytes[i + 21] as number) - 48
        const f2 = (bytes[i + 22] as number) - 48
        millis = f0 * 100 + f1 * 10 + f2
        if ((f0 | (9 - f0) | f1 | (9 - f1) | f2 | (9 - f2)) < 0 || bytes[i + 19] !== 46) bad = 1
      }
      if (bad === 0) length = 19
    }
    if (days ? length !== 10 : length !== 19 && length !== 16 && length !== 10) bad = 1
    if (bad === 0) {
      const y0 = (bytes[i] as number) - 48
      const y1 = (bytes[i + 1] as number) - 48
      const y2 = (bytes[i + 2] as number) - 48
      const y3 = (bytes[i + 3] as number) - 48
      const m0 = (bytes[i + 5] as number) - 48
      const m1 = (bytes[i + 6] as number) - 48
      const d0 = (bytes[i + 8] as number) - 48
      const d1 = (bytes[i + 9] as number) - 48
      // A byte below '0' gives a negative number, one above '9' more than 9: either sets high bits.
      bad =
        y0 |
        (9 - y0) |
        y1 |
        (9 - y1) |
        y2 |
        (9 - y2) |
        y3 |
        (9 - y3) |
        m0 |
        m1 |
        (9 - m1) |
        d0 |
        d1 |
        (9 - d1)
      bad = bad < 0 || bytes[i + 4] !== 45 || bytes[i + 7] !== 45 ? 1 : 0
      const key = (((y0 * 10 + y1) * 10 + y2) * 10 + y3) * 512 + (m0 * 10 + m1) * 32 + d0 * 10 + d1
      if (bad === 0 && key !== lastKey) {
        lastDay =
          d0 > 3 || m0 > 1 ? Number.NaN : daysOf((key / 512) | 0, m0 * 10 + m1, d0 * 10 + d1)
        lastKey = Number.isNaN(lastDay) ? -1 : key
        if (lastKey < 0) bad = 1
      }
    }
    let micros = 0
    if (bad === 0 && length > 10) {
      const h0 = (bytes[i + 11] as number) - 48
      const h1 = (bytes[i + 12] as number) - 48
      const n0 = (bytes[i + 14] as number) - 48
      const n1 = (bytes[i + 15] as number) - 48
      const gap = bytes[i + 10]
      const hours = h0 * 10 + h1
      bad = h0 | h1 | (9 - h1) | (23 - hours) | n0 | (5 - n0) | n1 | (9 - n1)
      bad = bad < 0 || bytes[i + 13] !== 58 || (gap !== 32 && gap !== 84) ? 1 : 0
      let seconds = hours * 3600 + (n0 * 10 + n1) * 60
      if (length === 19) {
        const s0 = (bytes[i + 17] as number) - 48
        const s1 = (bytes[i + 18] as number) - 48
        if ((s0 | (5 - s0) | s1 | (9 - s1)) < 0 || bytes[i + 16] !== 58) bad = 1
        seconds += s0 * 10 + s1
      }
      micros = seconds * 1e6
    }
    if (millis !== 0 && (lastDay > DAYS_EXACT || lastDay < -DAYS_EXACT)) bad = 1
    if (bad !== 0) values[row] = slow.at(row, p)
    else values[row] = days ? lastDay : lastDay * DAY + micros + millis * 1000
  }
}

/** Texts that are not read in place, one after another. */
class SlowTimes {
  readonly #f: Fields
  readonly #tag: string
  readonly #clock: Clock
  #from = 0
  #length = -1
  #value = 0
  #why: string | null = null

  constructor(f: Fields, tag: string, clock: Clock) {
    this.#f = f
    this.#tag = tag
    this.#clock = clock
  }

  at(row: number, p: number): number {
    const { at, bytes } = this.#f
    const start = at[p] as number
    const length = (at[p + 1] as number) - start
    if (!this.#same(bytes, start, length)) {
      this.#value = 0
      this.#why = null
      this.#read(trimmed(this.#f, p))
      this.#from = start
      this.#length = (at[p + 1] as number) < 0 ? -1 : length
    }
    if (this.#why !== null) this.#f.refuse(row, this.#why)
    return this.#value
  }

  #same(bytes: Uint8Array, start: number, length: number): boolean {
    if (length !== this.#length || length < 0) return false
    let i = 0
    while (i < length && bytes[start + i] === bytes[this.#from + i]) i++
    return i === length
  }

  #readEpoch(millis: number): void {
    const micros = Math.round(millis * 1000)
    if (!(Math.abs(millis) <= 8.64e15)) this.#why = 'out of range'
    else this.#value = micros + 0
  }

  #read(text: string): void {
    const { parse, toUtc, epoch } = this.#clock
    if (epoch && /^-?\d/.test(text) && !/^\d{4}-/.test(text)) {
      this.#readEpoch(Number(text))
      return
    }
    const parsed = (parse ?? parseIso)(text)
    if (typeof parsed === 'string') {
      this.#why = parsed
      return
    }
    const { days, micros, zone } = parsed
    if (this.#tag === 'date') {
      if (micros !== 0) this.#why = 'has a time of day'
      else if (zone !== null) this.#why = 'has a zone'
      else this.#value = days
      return
    }
    const local = days * DAY + micros
    if (local - days * DAY !== micros) {
      this.#why = 'too far from 1970 for its fraction of a second'
      return
    }
    if (this.#tag === 'datetime') {
      if (zone !== null) this.#why = 'has a zone; t.timestamp takes one'
      else this.#value = local
    } else if (zone !== null) this.#value = local - zone * 60e6
    else this.#value = toUtc === null ? local : toUtc(local)
  }
}
