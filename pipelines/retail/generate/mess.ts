/**
 * The mess of a real export, each kind at a known rate. A row (or its invoice) falls into a kind
 * by its own hash alone; the rates are near those of the UCI file unless a line says otherwise.
 */

/** Shares of all rows, unless a line says invoices. */
export const RATES = {
  /** One of `FLAWS`: the row is rejected. */
  unparsable: 0.0005,
  /** Equal in all columns to an earlier row of its invoice, at most 19 rows back (UCI: 1 %). */
  duplicate: 0.01,
  /**
   * The (InvoiceNo, StockCode) of an earlier row of its invoice, with a later date and another
   * quantity.
   */
  correction: 0.005,
  /** Of invoices: InvoiceNo starts with C, every quantity is negative (UCI: 1.7 % of rows). */
  cancelled: 0.02,
  /** Of invoices: CustomerID is empty (UCI: 25 %, which would leave too few sales). */
  noCustomer: 0.06,
  /** UnitPrice is 0 (UCI: 0.5 %). */
  free: 0.005,
  /** CustomerID is written `17850.0`; a duplicate chooses its own way. */
  customerAsFloat: 0.25,
  /** Descriptions: empty, or quoted because of a comma, doubled quotes or a line break. */
  noDescription: 0.005,
  comma: 0.03,
  quotes: 0.01,
  lineBreak: 0.003,
} as const

export type Rates = { readonly [K in keyof typeof RATES]: number }
export type Mess = 'real' | 'none'

const NONE = Object.fromEntries(Object.keys(RATES).map(name => [name, 0])) as Rates

/** Every third file of a messy set ends its lines with CRLF. */
export function isCrlf(mess: Mess, fileIndex: number): boolean {
  return mess === 'real' && fileIndex % 3 === 2
}

/** The rates as bounds on a 32-bit word: a word below its bound is in. */
export function boundsOf(mess: Mess): Rates {
  const rates = mess === 'real' ? RATES : NONE
  const bounds = Object.entries(rates).map(([name, rate]) => [
    name,
    Math.floor(rate * 0x1_0000_0000),
  ])
  return Object.fromEntries(bounds) as Rates
}

/** What makes a row unparsable: `12x`, `n/a`, 31 February, `not a date`; in equal shares. */
export const FLAW = { none: 0, quantity: 1, unitPrice: 2, noSuchDay: 3, notADate: 4 } as const
export const FLAWS = 4

/** How the description is written. */
export const TEXT = { plain: 0, empty: 1, comma: 2, quotes: 3, lineBreak: 4 } as const
export const TEXTS = 5
