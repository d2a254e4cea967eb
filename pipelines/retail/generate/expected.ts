/**
 * The right answer for the retail pipeline, from the generator's rows as numbers: no CSV is
 * written or read, so an error in either cannot hide here. Duplicates lie within their invoice, so
 * one invoice is all that is kept in mind besides the totals.
 *
 * Sums are whole thousandths in doubles, exact up to 2^53 (`Marts` checks it), and BigInt in the
 * answer.
 */
import { Marts, type RetailMarts } from './marts.ts'
import { FLAW, type Mess } from './mess.ts'
import { emptyRow, fillRow, LINES_MAX, type RetailRow } from './row.ts'
import { sheetOf } from './sheet.ts'

export interface RetailCounts {
  read: number
  /** A number or date that is none. */
  rejected: number
  /** What is left after dropping rows without CustomerID … */
  afterNulls: number
  /** … then with Quantity ≤ 0 … */
  afterQuantity: number
  /** … then with UnitPrice ≤ 0 … */
  afterPrice: number
  /** … then rows equal to an earlier one in all eight columns (17850.0 is 17850). */
  sales: number
}

export interface RetailAnswer extends RetailMarts {
  readonly counts: RetailCounts
}

/**
 * What the pipeline must find in the sheet that `generateRetail` writes with the same rows, seed
 * and mess.
 *
 * Cost    about 0.25 µs a row on one thread; memory does not grow with rows
 * @example
 * expectedRetail({ rows: 2_000_000, seed: 1 }).counts.sales
 */
export function expectedRetail(o: { rows: number; seed: number; mess?: Mess }): RetailAnswer {
  const sheet = sheetOf(o)
  const counts = { read: 0, rejected: 0, afterNulls: 0, afterQuantity: 0, afterPrice: 0, sales: 0 }
  const marts = new Marts()
  // The sales of this invoice so far, and behind them the row at hand.
  const kept = Array.from({ length: LINES_MAX + 1 }, emptyRow)
  let keptCount = 0
  let invoice = -1
  for (let n = 0; n < o.rows; n++) {
    const row = kept[keptCount] as RetailRow
    fillRow(sheet, n, row)
    if (row.invoice !== invoice) {
      invoice = row.invoice
      kept[keptCount] = kept[0] as RetailRow
      kept[0] = row
      keptCount = 0
    }
    if (!passes(row, counts) || isRepeat(row, kept, keptCount)) continue
    counts.sales++
    keptCount++
    marts.add(row)
  }
  return { counts, ...marts.answer() }
}

/** Counts the row at every filter that it passes. */
function passes(row: RetailRow, counts: RetailCounts): boolean {
  counts.read++
  if (row.flaw !== FLAW.none) {
    counts.rejected++
    return false
  }
  if (row.customer === 0) return false
  counts.afterNulls++
  if (row.quantity <= 0) return false
  counts.afterQuantity++
  if (row.price <= 0) return false
  counts.afterPrice++
  return true
}

/** Rows of one invoice have its customer and country in common. */
function isRepeat(row: RetailRow, kept: readonly RetailRow[], keptCount: number): boolean {
  for (let i = 0; i < keptCount; i++) {
    const other = kept[i] as RetailRow
    if (
      other.stock === row.stock &&
      other.quantity === row.quantity &&
      other.minute === row.minute &&
      other.price === row.price &&
      other.text === row.text
    )
      return true
  }
  return false
}
