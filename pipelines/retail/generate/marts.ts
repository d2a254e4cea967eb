/**
 * The three marts of the retail pipeline as flat arrays of sums: by country and month, by day, by
 * month and stock.
 */
import { DAYS, dayNames, MONTHS, monthNames, monthOfDay } from './calendar.ts'
import { COUNTRIES, STOCKS, stockCode } from './catalogue.ts'
import type { RetailRow } from './row.ts'

/** Revenues are thousandths. */
export interface RetailMarts {
  readonly revenue: bigint
  /** Sorted by country, then month (`yyyy-MM`). Orders are distinct invoices. */
  readonly revenueByCountryMonth: readonly {
    country: string
    month: string
    revenue: bigint
    orders: number
    lines: number
  }[]
  /** Sorted by day (`yyyy-MM-dd`). */
  readonly revenueByDay: readonly { day: string; revenue: bigint; orders: number; lines: number }[]
  /**
   * Ranks 1 to 20 of each month by revenue, the first sold first among equals; sorted by month,
   * then rank.
   */
  readonly topProducts: readonly {
    month: string
    rank: number
    stockCode: string
    revenue: bigint
    quantity: number
  }[]
}

const RANKS = 20

/**
 * Sums with distinct invoices. Invoices come one after the other, so the last one seen tells a new
 * one.
 */
class Totals {
  readonly revenue: Float64Array
  readonly lines: Float64Array
  readonly orders: Float64Array
  readonly #lastInvoice: Int32Array
  constructor(groups: number) {
    this.revenue = new Float64Array(groups)
    this.lines = new Float64Array(groups)
    this.orders = new Float64Array(groups)
    this.#lastInvoice = new Int32Array(groups).fill(-1)
  }
  add(group: number, revenue: number, invoice: number): void {
    this.revenue[group] = (this.revenue[group] as number) + revenue
    this.lines[group] = (this.lines[group] as number) + 1
    if (this.#lastInvoice[group] === invoice) return
    this.#lastInvoice[group] = invoice
    this.orders[group] = (this.orders[group] as number) + 1
  }
  /** Of a group that has rows; null for others. */
  of(group: number): { revenue: bigint; orders: number; lines: number } | null {
    const lines = this.lines[group] as number
    return lines === 0
      ? null
      : { revenue: exact(this.revenue[group]), orders: this.orders[group] as number, lines }
  }
}

export class Marts {
  readonly #byCountryMonth = new Totals(COUNTRIES.length * MONTHS)
  readonly #byDay = new Totals(DAYS)
  readonly #productRevenue = new Float64Array(MONTHS * STOCKS)
  readonly #productQuantity = new Float64Array(MONTHS * STOCKS)
  /** The products of each month in the order of their first sale. */
  readonly #products = Array.from({ length: MONTHS }, (): number[] => [])

  /** Rows come in the order of the sheet. */
  add(row: RetailRow): void {
    const revenue = row.quantity * row.price
    const day = Math.floor(row.minute / 1440)
    const month = monthOfDay[day] as number
    const product = month * STOCKS + row.stock
    this.#byCountryMonth.add(row.country * MONTHS + month, revenue, row.invoice)
    this.#byDay.add(day, revenue, row.invoice)
    // A sale has a quantity above zero, so zero is a product not seen yet.
    if (this.#productQuantity[product] === 0) this.#products[month]?.push(product)
    this.#productRevenue[product] = (this.#productRevenue[product] as number) + revenue
    this.#productQuantity[product] = (this.#productQuantity[product] as number) + row.quantity
  }

  answer(): RetailMarts {
    const byDay = dayNames.flatMap((day, i) => {
      const totals = this.#byDay.of(i)
      return totals ? [{ day, ...totals }] : []
    })
    const byCountryMonth = [...COUNTRIES].sort().flatMap(country =>
      monthNames.flatMap((month, i) => {
        const totals = this.#byCountryMonth.of(COUNTRIES.indexOf(country) * MONTHS + i)
        return totals ? [{ country, month, ...totals }] : []
      }),
    )
    return {
      revenue: byDay.reduce((sum, { revenue }) => sum + revenue, 0n),
      revenueByCountryMonth: byCountryMonth,
      revenueByDay: byDay,
      topProducts: monthNames.flatMap((month, i) => this.#top(month, i)),
    }
  }

  /** The sort is stable, so among equals the order of first sale stays. */
  #top(month: string, index: number) {
    const revenueOf = (product: number) => this.#productRevenue[product] as number
    const products = [...(this.#products[index] ?? [])].sort((a, b) => revenueOf(b) - revenueOf(a))
    return products.slice(0, RANKS).map((product, i) => ({
      month,
      rank: i + 1,
      stockCode: stockCode(product % STOCKS),
      revenue: exact(revenueOf(product)),
      quantity: this.#productQuantity[product] as number,
    }))
  }
}

function exact(sum: number | undefined): bigint {
  if (!Number.isSafeInteger(sum))
    throw new RangeError(`a sum of thousandths is ${sum}, past 2^53: too many rows`)
  return BigInt(sum as number)
}
