/**
 * One value of a kind of fixed width between a column and JS, and how a value that does not fit is told.
 */
import type { Column } from './column.ts'
import { isWide, type Kind } from './kind.ts'

export const DAY_MS = 86_400_000
const LIMIT = 2 ** 53

/** A value that its column cannot hold. `reason` is worded for a reject: expected and got. */
export class ValueError extends Error {
  readonly #said: string
  #path = ''
  constructor(kind: Kind, got: unknown, why = '') {
    super(`expected ${kind.name}, got ${show(got)}${why && ` (${why})`}`)
    this.#said = this.message
  }
  /** Where in a nested value it was: `[2]`, then `lines`. */
  under(part: string): this {
    this.#path = joined(part, this.#path)
    this.message = `${this.#path}: ${this.#said}`
    return this
  }
}

/** `lines` and `[2].price` give `lines[2].price`. */
export const joined = (part: string, path: string): string =>
  path === '' || path.startsWith('[') ? part + path : `${part}.${path}`

/** An error of a part of a nested value, with that part's name. */
export const within = (part: string, error: unknown): unknown =>
  error instanceof ValueError ? error.under(part) : error

/** A value as a message shows it: short, with its type where the text alone would mislead. */
export function show(value: unknown): string {
  if (typeof value === 'string') return clip(JSON.stringify(value))
  if (typeof value === 'bigint') return `${value}n`
  if (value === null || value === undefined || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (value instanceof Date) return `a Date (${Number(value)}); times are epoch milliseconds`
  if (value instanceof Promise) return 'a Promise (use mapAsync for asynchronous functions)'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
const clip = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}…"` : text)

/** Powers of ten up to 10^22, exact. */
export const POW10 = Array.from({ length: 23 }, (_, i) => 10 ** i)

/** As `readValue`, of a kind of fixed width that is not null. */
export function readPlain(column: Column, i: number): unknown {
  const { kind, values } = column
  if (isWide(kind)) return wideToNumber(kind, readUnits(column, i))
  const stored = values[i] as number | bigint
  if (typeof stored === 'bigint') return stored
  switch (kind.tag) {
    case 'bool':
      return stored === 1
    case 'decimal':
      return stored / (POW10[kind.scale] as number)
    case 'date':
      return stored * DAY_MS
    case 'timestamp':
    case 'datetime':
      return microsToMillis(kind, stored)
    default:
      return stored
  }
}

/** Past ±2^52 µs a fraction of a millisecond no longer fits a double exactly. */
export function microsToMillis(kind: Kind, micros: number): number {
  if ((micros > 2 ** 52 || micros < -(2 ** 52)) && micros % 1000 !== 0)
    throw new ValueError(kind, `${micros} µs`, 'its microseconds do not fit a number')
  return micros / 1000
}

export function wideToNumber(kind: Kind, units: bigint): number {
  if (units > BigInt(LIMIT) || units < -BigInt(LIMIT))
    throw new ValueError(kind, units, 'more than 2^53 units do not fit a number')
  return Number(units) / (POW10[kind.scale] as number)
}

/** A decimal's scaled integer, exactly, narrow or wide. */
export function readUnits(column: Column, i: number): bigint {
  if (!isWide(column.kind)) return BigInt(column.values[i] as number)
  const values = column.values as BigInt64Array
  return ((values[2 * i + 1] as bigint) << 64n) | BigInt.asUintN(64, values[2 * i] as bigint)
}

export function writeUnits(column: Column, i: number, units: bigint): void {
  if (!isWide(column.kind)) {
    column.values[i] = Number(units)
    return
  }
  const values = column.values as BigInt64Array
  values[2 * i] = BigInt.asIntN(64, units)
  values[2 * i + 1] = units >> 64n
}

/** As `writeValue`, of a kind of fixed width, for what is not null. */
export function writePlain(column: Column, i: number, value: unknown): void {
  const { kind, values } = column
  if (isWide(kind)) writeUnits(column, i, toWideUnits(kind, value))
  else if (kind.tag === 'bigint') (values as BigInt64Array)[i] = toBigint(kind, value)
  else values[i] = toStored(kind, value)
}

/** The stored number of a kind whose values are numbers. */
export function toStored(kind: Kind, value: unknown): number {
  if (kind.tag === 'bool') {
    if (typeof value !== 'boolean') throw new ValueError(kind, value)
    return value ? 1 : 0
  }
  if (typeof value !== 'number') throw new ValueError(kind, value)
  switch (kind.tag) {
    case 'int32':
      if ((value | 0) !== value) throw new ValueError(kind, value)
      return value | 0
    case 'int64':
      if (!Number.isSafeInteger(value)) throw new ValueError(kind, value)
      return value + 0
    case 'decimal':
      return decimalUnits(kind, value)
    case 'date': {
      const days = value / DAY_MS
      if ((days | 0) !== days)
        throw new ValueError(kind, value, 'midnight UTC in epoch milliseconds')
      return days | 0
    }
    case 'timestamp':
    case 'datetime': {
      const micros = Math.round(value * 1000)
      if (!(Math.abs(value) <= 8.64e15)) throw new ValueError(kind, value, 'epoch milliseconds')
      return micros + 0
    }
    default:
      return value
  }
}

/**
 * A number as units of 10^-scale, rounded half away from zero. The number is taken as the shortest
 * decimal text that denotes it (1.005 rounds to 1.01 although the double lies below), as a reader of
 * the source would expect.
 */
export function decimalUnits(kind: Kind, value: number): number {
  const power = POW10[kind.scale] as number
  const scaled = value * power
  let units = Math.round(scaled)
  const off = scaled - units
  // Close to a half the product's own rounding error decides, so ask the decimal text instead.
  if ((off < -0.499 || off > 0.499) && Math.abs(scaled) < 4e15)
    units = Number(textUnits(value, kind.scale))
  if (!(Math.abs(units) < (POW10[kind.precision] as number)))
    throw new ValueError(kind, value, 'out of range')
  return units + 0
}

/** Exact: parses the shortest text of the number, rounds half away from zero. */
export function textUnits(value: number, scale: number): bigint {
  const [mantissa = '0', exponent = '0'] = Math.abs(value).toExponential().split('e')
  const digits = mantissa.replace('.', '')
  const shift = Number(exponent) - (digits.length - 1) + scale
  let units: bigint
  if (shift >= 0) units = BigInt(digits) * 10n ** BigInt(shift)
  else {
    const divisor = 10n ** BigInt(-shift)
    units = (BigInt(digits) * 2n + divisor) / (divisor * 2n)
  }
  return value < 0 ? -units : units
}

function toWideUnits(kind: Kind, value: unknown): bigint {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new ValueError(kind, value)
  const units = textUnits(value, kind.scale)
  if (units >= 10n ** BigInt(kind.precision) || -units >= 10n ** BigInt(kind.precision))
    throw new ValueError(kind, value, 'out of range')
  return units
}

function toBigint(kind: Kind, value: unknown): bigint {
  if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value)
    throw new ValueError(kind, value)
  return value
}
