/** What is written in an hour, and what then must be in the warehouse. */
import type { Customer, Order, Product, Stock } from '../schema.ts'
import { customersIn, versionsOf as customerVersions } from './customers.ts'
import { ordersIn, versionsOf as orderVersions } from './orders.ts'
import { productIn, stockIn } from './products.ts'
import type { Shop, Version } from './shop.ts'

const DAY = 86_400_000

/** By the time of the change: the last one of a document is what stays. */
const byTime = <T extends { readonly updatedAt: number }>(rows: T[]): T[] =>
  rows.sort((a, b) => a.updatedAt - b.updatedAt)

function* versionsIn<T>(
  [from, to]: [number, number],
  of: (i: number) => Version<T>[],
): Iterable<Version<T>> {
  for (let i = from; i < to; i++) yield* of(i)
}

export function ordersWritten(shop: Shop, hour: number): Order[] {
  const versions = versionsIn(ordersIn(shop, hour), i => orderVersions(shop, i))
  return byTime([...versions].filter(v => v.hour === hour).map(v => v.row))
}

export function customersWritten(shop: Shop, hour: number): Customer[] {
  const versions = versionsIn(customersIn(shop, hour), i => customerVersions(shop, i))
  return byTime([...versions].filter(v => v.hour === hour).map(v => v.row))
}

export const productsWritten = (shop: Shop, hour: number): Product[] =>
  Array.from({ length: shop.products }, (_, i) => productIn(shop, i, hour)).filter(p => p !== null)

export const stockWritten = (shop: Shop, hour: number): Stock[] =>
  Array.from({ length: shop.products }, (_, i) => stockIn(shop, i, hour)).filter(s => s !== null)

/** Counts and sums of each table; revenue in cents, by `day category`. */
export interface Answer {
  readonly customers: number
  readonly orders: number
  readonly orderLines: number
  readonly products: number
  readonly stock: number
  readonly onHand: number
  readonly quantity: number
  readonly mart: ReadonlyMap<string, { readonly cents: number; readonly units: number }>
}

/** Once the hour's run is published. */
export function answerAfter(shop: Shop, hour: number): Answer {
  const orders = newest(shop, hour, ordersIn, orderVersions)
  const customers = newest(shop, hour, customersIn, customerVersions)
  const standing = orders.filter(o => !o.deleted)
  const lines = standing.flatMap(o => o.lines)
  const stocks = Array.from({ length: shop.products }, (_, i) =>
    lastOf(hour, h => stockIn(shop, i, h)),
  )
  return {
    customers: customers.filter(c => !c.deleted).length,
    orders: standing.length,
    orderLines: lines.length,
    products: shop.products,
    stock: stocks.length,
    onHand: stocks.reduce((sum, s) => sum + s.onHand, 0),
    quantity: lines.reduce((sum, l) => sum + l.quantity, 0),
    mart: martOf(shop, orders),
  }
}

/** The state that each has after the hour. */
function newest<T>(
  shop: Shop,
  hour: number,
  range: (shop: Shop, hour: number) => [number, number],
  versions: (shop: Shop, i: number) => Version<T>[],
): T[] {
  const [, to] = range(shop, hour)
  const rows: T[] = []
  for (let i = 0; i < to; i++) {
    const last = versions(shop, i).findLast(v => v.hour <= hour)
    if (last) rows.push(last.row)
  }
  return rows
}

function lastOf<T>(hour: number, at: (hour: number) => T | null): T {
  for (let h = hour; ; h--) {
    const found = at(h)
    if (found !== null) return found
  }
}

function martOf(shop: Shop, orders: readonly Order[]): Answer['mart'] {
  const categories = new Map(
    productsWritten(shop, 0).map(p => [p.productId, p.category ?? 'unknown'] as const),
  )
  const mart = new Map<string, { cents: number; units: number }>()
  const days = new Set<string>()
  for (const order of orders) {
    const day = new Date(Math.floor(order.createdAt / DAY) * DAY).toISOString().slice(0, 10)
    days.add(day)
    if (order.deleted || (order.status !== 'paid' && order.status !== 'shipped')) continue
    for (const line of order.lines) {
      if (line.quantity === 0) continue
      const key = `${day} ${categories.get(line.productId)}`
      const sum = mart.get(key) ?? { cents: 0, units: 0 }
      sum.cents += Math.round(line.price * 100) * line.quantity
      sum.units += line.quantity
      mart.set(key, sum)
    }
  }
  for (const day of days)
    if (![...mart.keys()].some(key => key.startsWith(day)))
      mart.set(`${day} none`, { cents: 0, units: 0 })
  return mart
}
