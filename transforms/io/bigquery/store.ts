/** Cells of the REST interface, into columns: exactly, and with a reason where one does not fit. */
import type { Column } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { elementOf, structOf } from '../../../engine/data/nested.ts'
import { DAY_MS, ValueError, writeUnits, writeValue } from '../../../engine/data/value.ts'
import { datetimeMicros, microsOf, numberOf } from './values.ts'

/** Stores a cell's `v` at row i. Throws ValueError: it is no value of the column's kind. */
export function storeCell(column: Column, i: number, sent: unknown): void {
  const { kind } = column
  if (sent === null || sent === undefined) {
    writeValue(column, i, null)
    return
  }
  switch (kind.tag) {
    case 'decimal':
      writeUnits(column, i, unitsOf(kind, String(sent)))
      break
    case 'timestamp':
      column.values[i] = whole(kind, microsOf(String(sent)))
      break
    case 'datetime':
      column.values[i] = whole(kind, datetimeMicros(String(sent)))
      break
    default:
      writeValue(column, i, valueOfKind(kind, sent))
      return
  }
  if (column.valid) column.valid[i] = 1
}

const whole = (kind: Kind, micros: number): number => {
  if (Number.isSafeInteger(micros)) return micros
  throw new ValueError(kind, `${micros} µs`)
}

/** As a lambda sees it. */
function valueOfKind(kind: Kind, sent: unknown): unknown {
  if (sent === null || sent === undefined) return null
  switch (kind.tag) {
    case 'bool':
      return sent === 'true' || sent === true
    case 'bigint':
      return BigInt(String(sent))
    case 'int32':
    case 'int64':
      return Number(sent)
    case 'float32':
    case 'float64':
      return numberOf(String(sent))
    case 'decimal':
      return numberOf(String(sent))
    case 'bytes':
      return Buffer.from(String(sent), 'base64')
    case 'date':
      return Math.round(Date.parse(`${sent}T00:00:00Z`) / DAY_MS) * DAY_MS
    case 'timestamp':
      return microsOf(String(sent)) / 1000
    case 'datetime':
      return datetimeMicros(String(sent)) / 1000
    case 'json':
      return JSON.parse(String(sent))
    case 'list':
      return (sent as { v: unknown }[]).map(({ v }) => valueOfKind(elementOf(kind), v))
    case 'struct': {
      const { f } = sent as { f: { v: unknown }[] }
      return Object.fromEntries(
        structOf(kind).list.map((field, i) => [field.name, valueOfKind(field.kind, f[i]?.v)]),
      )
    }
    default:
      return String(sent)
  }
}

/** A decimal's text as units of 10^-scale. Throws ValueError: it has more digits. */
function unitsOf(kind: Kind, sent: string): bigint {
  const [, sign = '', digits = '', fraction = '', exponent = '0'] =
    /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(sent) ?? []
  const shift = Number(exponent) + kind.scale - fraction.length
  const all = BigInt(digits + fraction || '0')
  const cut = shift < 0 ? 10n ** BigInt(-shift) : 1n
  const units = shift < 0 ? all / cut : all * 10n ** BigInt(shift)
  if ((shift < 0 && all % cut !== 0n) || units >= 10n ** BigInt(kind.precision))
    throw new ValueError(kind, sent, 'it has more digits')
  return sign === '-' ? -units : units
}
