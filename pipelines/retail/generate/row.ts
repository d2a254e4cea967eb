/**
 * One row of the sheet, as numbers. Everything is a function of (seed, row number), the date also
 * of how many rows there are in all, since the 13 months are spread over them. `writeRow` turns a
 * row into bytes and `expectedRetail` into the answer: neither sees the other's work.
 *
 * Forty rows are two invoices, cut at a hashed place (6 to 34 lines each), so a row finds its
 * invoice without looking at others. A duplicate or correction names an original k rows back in
 * its invoice; originals are never copies, so that takes one step and not a chain.
 */
import { countryOf, CUSTOMERS, FIRST_CUSTOMER, priceOfStock, STOCKS } from './catalogue.ts'
import { below, draw } from './hash.ts'
import { FLAW, FLAWS, type Rates, TEXT } from './mess.ts'
import type { RetailSheet } from './sheet.ts'

export interface RetailRow {
  /** From 0; `FIRST_INVOICE` is added when it is written. */
  invoice: number
  cancelled: boolean
  stock: number
  text: number
  quantity: number
  /** Minutes since 2010-12-01 00:00. */
  minute: number
  /** Thousandths. */
  price: number
  /** 0: empty. */
  customer: number
  customerAsFloat: boolean
  country: number
  flaw: number
}

const BLOCK = 40
const LINES_MIN = 6
/** The most lines an invoice has; and the number of shelves below. */
export const LINES_MAX = BLOCK - LINES_MIN
const COPY_BACK_MAX = 19
const CORRECTION_MINUTES_MAX = 3 * 1440
// 2010-12-01 … 2011-12-31 has 396 days; the last three are left to corrections.
const DAYS = 393
const OPENS = 8 * 60
const OPEN_MINUTES = 12 * 60
const QUANTITIES = [
  1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 12, 12, 12, 6, 6, 4, 4, 3, 3, 24, 24, 10, 8, 5, 48, 25, 20, 16, 9,
  36, 100, 240,
]

/**
 * Shelf s holds the stocks from SHELVES[s] to SHELVES[s + 1], wider and wider, and each line of an
 * invoice takes from another shelf: low numbers sell best, and no invoice has a stock twice unless
 * the mess says so.
 */
const SHELVES = Int32Array.from({ length: LINES_MAX + 1 }, (_, s) =>
  Math.floor((STOCKS * s * s) / LINES_MAX ** 2),
)

export function emptyRow(): RetailRow {
  return {
    invoice: 0,
    cancelled: false,
    stock: 0,
    text: 0,
    quantity: 0,
    minute: 0,
    price: 0,
    customer: 0,
    customerAsFloat: false,
    country: 0,
    flaw: 0,
  }
}

/**
 * Fills `out` with row `n`; the caller reuses `out`, which makes a pass over 20 M rows free of
 * garbage.
 */
export function fillRow(sheet: RetailSheet, n: number, out: RetailRow): void {
  const { keys, bounds } = sheet
  const block = Math.floor(n / BLOCK)
  const at = n - block * BLOCK
  const cut = LINES_MIN + below(BLOCK - 2 * LINES_MIN + 1, draw(keys.cut, block))
  const line = at < cut ? at : at - cut
  fillInvoice(sheet, block * 2 + (at < cut ? 0 : 1), out)

  const kind = draw(keys.kind, n)
  const form = draw(keys.form, n)
  const isFlawed = kind < bounds.unparsable
  const mayCopy = line > 0 && !isFlawed && kind < copyBound(bounds)
  const back = mayCopy ? 1 + (form % Math.min(line, COPY_BACK_MAX)) : 0
  const isCopy = mayCopy && draw(keys.kind, n - back) >= copyBound(bounds)
  fillItem(sheet, { n: isCopy ? n - back : n, line: isCopy ? line - back : line }, out)

  if (isCopy && kind >= bounds.unparsable + bounds.duplicate) correct(draw(keys.later, n), out)
  out.flaw = isFlawed ? 1 + below(FLAWS, form) : FLAW.none
  out.customerAsFloat = draw(keys.asFloat, n) < bounds.customerAsFloat
}

function copyBound(bounds: Rates): number {
  return bounds.unparsable + bounds.duplicate + bounds.correction
}

/** What all lines of an invoice share. */
function fillInvoice(sheet: RetailSheet, invoice: number, out: RetailRow): void {
  const { keys, bounds, rows } = sheet
  const buyer = draw(keys.buyer, invoice)
  const customer = below(CUSTOMERS, buyer)
  const invoices = 2 * Math.ceil(rows / BLOCK)
  const minute = Math.floor((invoice * DAYS * OPEN_MINUTES) / invoices)
  out.invoice = invoice
  out.cancelled = draw(keys.cancelled, invoice) < bounds.cancelled
  out.customer = draw(keys.noCustomer, invoice) < bounds.noCustomer ? 0 : FIRST_CUSTOMER + customer
  out.country = countryOf(draw(keys.country, customer))
  out.minute = Math.floor(minute / OPEN_MINUTES) * 1440 + OPENS + (minute % OPEN_MINUTES)
}

/** What an original line has of its own; a copy takes it from the line that it names. */
function fillItem(
  sheet: RetailSheet,
  { n, line }: { n: number; line: number },
  out: RetailRow,
): void {
  const { keys, bounds } = sheet
  const shelf = (line * 13 + (draw(keys.shelf, out.invoice) % LINES_MAX)) % LINES_MAX
  const lower = SHELVES[shelf] as number
  const amount = draw(keys.amount, n)
  out.stock = lower + below((SHELVES[shelf + 1] as number) - lower, draw(keys.stock, n))
  const quantity = QUANTITIES[amount & 31] as number
  out.quantity = out.cancelled ? -quantity : quantity
  const price = priceOfStock[out.stock] as number
  const isWholesale = ((amount >>> 5) & 3) === 0
  const paid = isWholesale ? Math.max(1, Math.floor((price * 867) / 1000)) : price
  out.price = draw(keys.free, n) < bounds.free ? 0 : paid
  out.text = textOf(bounds, draw(keys.text, n))
}

function textOf(bounds: Rates, word: number): number {
  let left = word - bounds.comma
  if (left < 0) return TEXT.comma
  left -= bounds.quotes
  if (left < 0) return TEXT.quotes
  left -= bounds.noDescription
  if (left < 0) return TEXT.empty
  return left < bounds.lineBreak ? TEXT.lineBreak : TEXT.plain
}

/** A late correction: 1 minute to 3 days later, 1 to 5 pieces more (or more returned). */
function correct(word: number, out: RetailRow): void {
  const more = 1 + (word % 5)
  out.quantity += out.cancelled ? -more : more
  out.minute += 1 + below(CORRECTION_MINUTES_MAX - 1, word)
}
