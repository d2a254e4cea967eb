/** A column's values as exact text, for the text formats: decimals with their scale, times in ISO form. */
import type { Column } from '../../../engine/data/column.ts'
import { DAY_MS, readUnits, readValue } from '../../../engine/data/value.ts'

/** Makes the function that answers the text of row i; null for null. */
export type TextOf = (i: number) => string | null

export function textOf(column: Column): TextOf {
  const { valid } = column
  const value = presentText(column)
  return valid === null ? value : i => (valid[i] === 0 ? null : value(i))
}

function presentText(column: Column): (i: number) => string {
  const { kind, values, pool } = column
  switch (kind.tag) {
    case 'utf8':
      return i => (pool as NonNullable<typeof pool>).string(values[i] as number)
    case 'bytes':
      return i => Buffer.from(readValue(column, i) as Uint8Array).toString('base64')
    case 'bool':
      return i => (values[i] === 1 ? 'true' : 'false')
    case 'decimal':
      return i => decimalText(readUnits(column, i), kind.scale)
    case 'date':
      return i => new Date((values[i] as number) * DAY_MS).toISOString().replace(/T.*/, '')
    case 'timestamp':
      return i => `${clockText(values[i] as number)}Z`
    case 'datetime':
      return i => clockText(values[i] as number)
    default:
      return i => String(values[i])
  }
}

/** `-12.340` from -12340 thousandths. */
export function decimalText(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const sign = units < 0n ? '-' : ''
  return scale === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-scale)}`
}

/** `2011-01-31T08:26:00` with as many digits of the second as it has. */
function clockText(micros: number): string {
  const millis = Math.floor(micros / 1000)
  const rest = micros - millis * 1000
  const text = new Date(millis).toISOString().slice(0, -1)
  const fraction = `${text.slice(-3)}${String(rest).padStart(3, '0')}`.replace(/0+$/, '')
  return fraction === '' ? text.slice(0, -4) : `${text.slice(0, -3)}${fraction}`
}
