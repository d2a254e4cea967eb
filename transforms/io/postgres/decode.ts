/**
 * Fields of binary COPY into columns, a loop a type: numbers are big-endian, dates count from
 * 2000-01-01, timestamps are its microseconds. Each loop writes every row, so that columns can be used
 * again; under a null the value is 0.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import type { Column } from '../../../engine/data/column.ts'
import { isWide } from '../../../engine/data/kind.ts'
import { POW10, writeUnits } from '../../../engine/data/value.ts'
import type { Located } from './copy-out.ts'
import { FLAW, type Flaws } from './flaws.ts'
import { narrowNumeric, wideNumeric } from './numeric.ts'
import type { Texts } from './texts.ts'

/** Decodes field `field` of all rows into the column, which is the schema's `index`-th. */
export type Decode = (rows: Located, field: number, into: Into) => void
export interface Into {
  readonly column: Column
  readonly index: number
  readonly flaws: Flaws
  /** Of utf8 and bytes columns. */
  readonly texts: Texts | null
}

const TWO32 = 4294967296
const EPOCH_DAYS = 10_957
const EPOCH_MICROS = 946_684_800e6
const INT32_MAX = 2147483647
const INT32_MIN = -2147483648

/** Validity of all rows; nulls where none may be are flaws. */
export function nulls(
  { lengths, stride, rows }: Located,
  field: number,
  { column, index, flaws }: Into,
): void {
  const base = field * stride
  const { valid } = column
  if (valid !== null) for (let r = 0; r < rows; r++) valid[r] = lengths[base + r] === -1 ? 0 : 1
  else for (let r = 0; r < rows; r++) if (lengths[base + r] === -1) flaws.add(r, index, FLAW.null)
}

export const bool: Decode = (rows, field, into) => {
  nulls(rows, field, into)
  const { bytes, at, lengths, stride } = rows
  const values = into.column.values as Uint8Array
  for (let r = 0, k = field * stride; r < rows.rows; r++, k++)
    values[r] = lengths[k] === -1 ? 0 : (bytes[at[k] as number] as number)
}

export const int4: Decode = (rows, field, into) => {
  nulls(rows, field, into)
  const { view, at, lengths, stride } = rows
  const values = into.column.values as Int32Array
  for (let r = 0, k = field * stride; r < rows.rows; r++, k++)
    values[r] = lengths[k] === -1 ? 0 : view.getInt32(at[k] as number)
}

export const float8: Decode = (rows, field, into) => {
  nulls(rows, field, into)
  const { view, at, lengths, stride } = rows
  const values = into.column.values as Float64Array
  for (let r = 0, k = field * stride; r < rows.rows; r++, k++)
    values[r] = lengths[k] === -1 ? 0 : view.getFloat64(at[k] as number)
}

/** Into a float32 or a float64. */
export const float4: Decode = (rows, field, into) => {
  nulls(rows, field, into)
  const { view, at, lengths, stride } = rows
  const values = into.column.values as Float64Array
  for (let r = 0, k = field * stride; r < rows.rows; r++, k++)
    values[r] = lengths[k] === -1 ? 0 : view.getFloat32(at[k] as number)
}

export const bigint: Decode = (rows, field, into) => {
  nulls(rows, field, into)
  const { view, at, lengths, stride } = rows
  const values = into.column.values as BigInt64Array
  for (let r = 0, k = field * stride; r < rows.rows; r++, k++) {
    const place = at[k] as number
    if (lengths[k] === 8) values[r] = view.getBigInt64(place)
    else if (lengths[k] === 4) values[r] = BigInt(view.getInt32(place))
    else values[r] = lengths[k] === -1 ? 0n : BigInt(view.getInt16(place))
  }
}

/** Any integer into a number of the kind's range; `least` and `most` are inclusive. */
export const integer =
  (least: number, most: number, scale = 0): Decode =>
  (rows, field, into) => {
    nulls(rows, field, into)
    const { view, at, lengths, stride } = rows
    const { values } = into.column
    const power = POW10[scale] as number
    for (let r = 0, k = field * stride; r < rows.rows; r++, k++) {
      const place = at[k] as number
      const length = lengths[k] as number
      let value = 0
      if (length === 8) value = view.getInt32(place) * TWO32 + view.getUint32(place + 4)
      else if (length === 4) value = view.getInt32(place)
      else if (length === 2) value = view.getInt16(place)
      if (value < least || value > most) {
        into.flaws.add(r, into.index, FLAW.range)
        value = 0
      }
      values[r] = value * power
    }
  }

/** Any integer into a decimal of more than 15 digits. */
export const wideInteger: Decode = (rows, field, into) => {
  nulls(rows, field, into)
  const { view, at, lengths, stride } = rows
  const { kind } = into.column
  const limit = 10n ** BigInt(kind.precision)
  const power = 10n ** BigInt(kind.scale)
  for (let r = 0, k = field * stride; r < rows.rows; r++, k++) {
    const place = at[k] as number
    const length = lengths[k] as number
    let units = 0n
    if (length === 8) units = view.getBigInt64(place) * power
    else if (length > 0)
      units = BigInt(length === 4 ? view.getInt32(place) : view.getInt16(place)) * power
    if (units >= limit || units <= -limit) {
      into.flaws.add(r, into.index, FLAW.range)
      units = 0n
    }
    writeUnits(into.column, r, units)
  }
}

export const date: Decode = (rows, field, into) => {
  nulls(rows, field, into)
  const { view, at, lengths, stride } = rows
  const values = into.column.values as Int32Array
  for (let r = 0, k = field * stride; r < rows.rows; r++, k++) {
    const days = lengths[k] === -1 ? -EPOCH_DAYS : view.getInt32(at[k] as number)
    values[r] = days + EPOCH_DAYS
    if (days === INT32_MAX || days === INT32_MIN) {
      into.flaws.add(r, into.index, FLAW.infinite)
      values[r] = 0
    }
  }
}

export const timestamp: Decode = (rows, field, into) => {
  nulls(rows, field, into)
  const { view, at, lengths, stride } = rows
  const values = into.column.values as Float64Array
  for (let r = 0, k = field * stride; r < rows.rows; r++, k++) {
    if (lengths[k] === -1) {
      values[r] = 0
      continue
    }
    const place = at[k] as number
    const micros = view.getInt32(place) * TWO32 + view.getUint32(place + 4) + EPOCH_MICROS
    values[r] = micros
    // Past ±2^53 a double holds some microseconds and not others.
    if (micros > Number.MAX_SAFE_INTEGER || micros < -Number.MAX_SAFE_INTEGER) {
      const flaw = farTime(view.getBigInt64(place), micros)
      if (flaw === 0) continue
      into.flaws.add(r, into.index, flaw)
      values[r] = 0
    }
  }
}

function farTime(stored: bigint, micros: number): number {
  if (stored === 2n ** 63n - 1n || stored === -(2n ** 63n)) return FLAW.infinite
  return BigInt(micros) === stored + BigInt(EPOCH_MICROS) ? 0 : FLAW.range
}

export const numeric: Decode = (rows, field, into) => {
  nulls(rows, field, into)
  const { view, at, lengths, stride } = rows
  const { column } = into
  const { kind } = column
  const wide = isWide(kind)
  for (let r = 0, k = field * stride; r < rows.rows; r++, k++) {
    let flaw = 0
    if (lengths[k] === -1) writeUnits(column, r, 0n)
    else if (wide) {
      const units = wideNumeric(view, at[k] as number, kind)
      if (typeof units === 'number') flaw = units
      writeUnits(column, r, typeof units === 'number' ? 0n : units)
    } else {
      const units = narrowNumeric(view, at[k] as number, kind)
      // A flaw is told as NaN, to keep the loop free of objects.
      column.values[r] = units
      if (units !== units) {
        column.values[r] = 0
        const told = wideNumeric(view, at[k] as number, kind)
        if (typeof told === 'number') flaw = told
        else column.values[r] = Number(told)
      }
    }
    if (flaw !== 0) into.flaws.add(r, into.index, flaw)
  }
}

export const bytes: Decode = (rows, field, into) => {
  nulls(rows, field, into)
  into.texts?.decode(rows, field)
}

/** `checked`: the server's encoding does not promise UTF-8. */
export const text =
  (o: { checked: boolean; jsonb?: boolean }): Decode =>
  (rows, field, into) => {
    nulls(rows, field, into)
    const { texts } = into
    if (texts === null) return
    if (o.checked) checkUtf8(rows, field, into)
    texts.decode(rows, field)
    if (texts.allowed > 0) checkSet(rows, field, into, texts.allowed)
  }

export function checkUtf8(
  { bytes, at, lengths, stride, rows }: Located,
  field: number,
  into: Into,
): void {
  for (let r = 0, k = field * stride; r < rows; r++, k++) {
    const start = at[k] as number
    const value = bytes.subarray(start, start + Math.max(0, lengths[k] as number))
    if (!isAscii(value) && !isUtf8(value)) into.flaws.add(r, into.index, FLAW.utf8)
  }
}

/** A `oneOf`: its values are the first codes. */
function checkSet(
  { lengths, stride, rows }: Located,
  field: number,
  into: Into,
  allowed: number,
): void {
  const codes = into.column.values
  for (let r = 0, k = field * stride; r < rows; r++, k++)
    if (lengths[k] !== -1 && (codes[r] as number) >= allowed)
      into.flaws.add(r, into.index, FLAW.set)
}
