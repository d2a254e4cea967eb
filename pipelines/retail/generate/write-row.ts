/**
 * A row as CSV bytes (RFC 4180: a field with a comma, a quote or a line break is quoted, quotes
 * are doubled). Texts are copied from tables made once and numbers are written digit by digit, so
 * that a row makes no string. Line ends inside quotes are always LF, as spreadsheets write them.
 */
import { dayNames } from './calendar.ts'
import { COUNTRIES, descriptionOf, FIRST_INVOICE, STOCKS, stockCode } from './catalogue.ts'
import { FLAW, TEXTS } from './mess.ts'
import type { RetailRow } from './row.ts'

export const HEADER =
  'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
/** More than any row takes. */
export const ROW_BYTES_MAX = 512

/** Texts end to end; text i stands from `starts[i]` to `starts[i + 1]`. */
interface Texts {
  readonly bytes: Uint8Array
  readonly starts: Int32Array
}

function textsOf(texts: readonly string[]): Texts {
  const parts = texts.map(text => Buffer.from(text))
  const starts = new Int32Array(parts.length + 1)
  parts.forEach((part, i) => {
    starts[i + 1] = (starts[i] as number) + part.length
  })
  return { bytes: Buffer.concat(parts), starts }
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}

// `,85123A,WHITE METAL LANTERN,` for each stock and way of writing it: 20,000 texts, 0.7 MB.
const items = textsOf(
  Array.from({ length: STOCKS * TEXTS }, (_, i) => {
    const stock = Math.floor(i / TEXTS)
    return `,${stockCode(stock)},${quoted(descriptionOf(stock, i % TEXTS) ?? '')},`
  }),
)
const days = textsOf(dayNames)
const countries = textsOf(COUNTRIES.map(name => `,${quoted(name)}`))
const NOT_A_PRICE = Buffer.from('n/a')
const NOT_A_DATE = Buffer.from('not a date')
const NO_SUCH_DAY = Buffer.from('2011-02-31')
const CR = 13
const LF = 10
const SPACE = 32
const COMMA = 44
const DASH = 45
const DOT = 46
const ZERO = 48
const COLON = 58
const C = 67
const X = 120

/**
 * Writes `row` with its line end into `out` from `at`; where it ends. Needs `ROW_BYTES_MAX` bytes
 * of room.
 */
export function writeRow(row: RetailRow, out: Uint8Array, at: number, crlf: boolean): number {
  let to = at
  if (row.cancelled) out[to++] = C
  to = putWhole(out, to, FIRST_INVOICE + row.invoice)
  to = putText(out, to, items, row.stock * TEXTS + row.text)
  if (row.quantity < 0) out[to++] = DASH
  to = putWhole(out, to, Math.abs(row.quantity))
  if (row.flaw === FLAW.quantity) out[to++] = X
  out[to++] = COMMA
  to = row.flaw === FLAW.notADate ? putBytes(out, to, NOT_A_DATE) : putDate(out, to, row)
  out[to++] = COMMA
  to =
    row.flaw === FLAW.unitPrice
      ? putBytes(out, to, NOT_A_PRICE)
      : putThousandths(out, to, row.price)
  out[to++] = COMMA
  if (row.customer !== 0) to = putWhole(out, to, row.customer)
  if (row.customer !== 0 && row.customerAsFloat) to = putTenth(out, to)
  to = putText(out, to, countries, row.country)
  if (crlf) out[to++] = CR
  out[to++] = LF
  return to
}

function putText(out: Uint8Array, at: number, texts: Texts, index: number): number {
  const { bytes, starts } = texts
  const upper = starts[index + 1] as number
  let to = at
  for (let i = starts[index] as number; i < upper; i++) out[to++] = bytes[i] as number
  return to
}

function putBytes(out: Uint8Array, at: number, bytes: Uint8Array): number {
  out.set(bytes, at)
  return at + bytes.length
}

function putWhole(out: Uint8Array, at: number, value: number): number {
  let end = at + 1
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) end++
  let rest = value
  for (let to = end - 1; to >= at; to--) {
    const tenth = Math.floor(rest / 10)
    out[to] = ZERO + rest - tenth * 10
    rest = tenth
  }
  return end
}

/**
 * `2.55`, `2.1`, `0.001`, `12.0`: as few digits as the value has, one at least, as the UCI file.
 */
function putThousandths(out: Uint8Array, at: number, value: number): number {
  const whole = Math.floor(value / 1000)
  const part = value - whole * 1000
  let to = putWhole(out, at, whole)
  if (part === 0) return putTenth(out, to)
  out[to++] = DOT
  out[to++] = ZERO + Math.floor(part / 100)
  if (part % 100 !== 0) out[to++] = ZERO + (Math.floor(part / 10) % 10)
  if (part % 10 !== 0) out[to++] = ZERO + (part % 10)
  return to
}

function putTenth(out: Uint8Array, at: number): number {
  out[at] = DOT
  out[at + 1] = ZERO
  return at + 2
}

function putDate(out: Uint8Array, at: number, row: RetailRow): number {
  const day = Math.floor(row.minute / 1440)
  const minute = row.minute - day * 1440
  let to =
    row.flaw === FLAW.noSuchDay ? putBytes(out, at, NO_SUCH_DAY) : putText(out, at, days, day)
  out[to++] = SPACE
  to = putTwoDigits(out, to, Math.floor(minute / 60))
  out[to++] = COLON
  to = putTwoDigits(out, to, minute % 60)
  out[to++] = COLON
  return putTwoDigits(out, to, 0)
}

function putTwoDigits(out: Uint8Array, at: number, value: number): number {
  out[at] = ZERO + Math.floor(value / 10)
  out[at + 1] = ZERO + (value % 10)
  return at + 2
}
