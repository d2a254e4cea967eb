/** How the kinds are written that CSV and JSON write alike: a table by tag. Nulls are the format's business. */
import type { Column } from '../../../engine/data/column.ts'
import { isWide, type Tag } from '../../../engine/data/kind.ts'
import { DAY_MS, POW10, readUnits } from '../../../engine/data/value.ts'
import type { Out } from './out.ts'

/** Writes row i of a column. */
export type Cell = (i: number, out: Out) => void

const DAY = 86_400e6
const POINT = 46
const COLON = 58

/** Text, bytes and nested kinds have forms of their own in each format. */
type Owned = 'utf8' | 'bytes' | 'json' | 'list' | 'struct'

export const CELLS: { readonly [T in Exclude<Tag, Owned>]: (column: Column) => Cell } = {
  bool:
    ({ values }) =>
    (i, out) =>
      out.ascii(values[i] === 1 ? 'true' : 'false'),
  int32: wholes,
  int64: wholes,
  bigint:
    ({ values }) =>
    (i, out) =>
      out.ascii(String(values[i])),
  float32: floats,
  float64: floats,
  decimal: column => (isWide(column.kind) ? wideDecimals(column) : decimals(column)),
  date: dates,
  timestamp: column => {
    const clock = clocks(column)
    return (i, out) => {
      clock(i, out)
      out.ascii('Z')
    }
  },
  datetime: clocks,
}

function wholes({ values }: Column): Cell {
  const numbers = values as Float64Array
  return (i, out) => out.whole(numbers[i] as number)
}

/** The shortest text that reads back as the same number. */
function floats({ values }: Column): Cell {
  return (i, out) => out.ascii(String(values[i]))
}

/** With all digits of the scale. */
function decimals({ kind, values }: Column): Cell {
  const numbers = values as Float64Array
  const { scale } = kind
  if (scale === 0) return wholes({ values } as Column)
  const power = POW10[scale] as number
  return (i, out) => {
    const units = numbers[i] as number
    const size = units < 0 ? -units : units
    let whole = Math.floor(size / power)
    let rest = size - whole * power
    // The quotient is rounded, and may be the next whole number.
    if (rest < 0) {
      whole--
      rest += power
    }
    out.room(40)
    if (units < 0) out.bytes[out.at++] = 45
    out.whole(whole)
    out.bytes[out.at++] = POINT
    out.whole(rest, scale)
  }
}

function wideDecimals(column: Column): Cell {
  const { scale } = column.kind
  return (i, out) => out.ascii(decimalText(readUnits(column, i), scale))
}

/** `-12.340` from -12340 thousandths. */
export function decimalText(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  const sign = units < 0n ? '-' : ''
  if (scale === 0) return sign + digits
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** Writes days since 1970 as `2011-01-31`; neighbouring rows often share one. */
function dayWriter(): (days: number, out: Out) => void {
  let last = Number.NaN
  let text = ''
  return (days, out) => {
    if (days !== last) text = new Date(days * DAY_MS).toISOString().replace(/T.*/, '')
    last = days
    out.ascii(text)
  }
}

function dates({ values }: Column): Cell {
  const day = dayWriter()
  const numbers = values as Int32Array
  return (i, out) => day(numbers[i] as number, out)
}

/** `2011-01-31T08:26:00` with as many digits of the second as it has. */
function clocks({ values }: Column): Cell {
  const day = dayWriter()
  const numbers = values as Float64Array
  return (i, out) => {
    const micros = numbers[i] as number
    const days = Math.floor(micros / DAY)
    day(days, out)
    const ofDay = micros - days * DAY
    const seconds = Math.floor(ofDay / 1e6)
    const fraction = ofDay - seconds * 1e6
    out.room(24)
    out.bytes[out.at++] = 84
    out.whole(Math.floor(seconds / 3600), 2)
    out.bytes[out.at++] = COLON
    out.whole(Math.floor(seconds / 60) % 60, 2)
    out.bytes[out.at++] = COLON
    out.whole(seconds % 60, 2)
    if (fraction === 0) return
    out.bytes[out.at++] = POINT
    out.whole(fraction, 6)
    while (out.bytes[out.at - 1] === 48) out.at--
  }
}
