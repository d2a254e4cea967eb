/** Orders: open, then paid, shipped, some returned; some changed or deleted on the way, some written late. */
import type { Line, Order } from '../schema.ts'
import { below, hash, oneOf1000, pick } from './hash.ts'
import { customerId } from './customers.ts'
import { priceOf, productId } from './products.ts'
import { HOUR, hourOf, LATE_MS, type Shop, type Version } from './shop.ts'

const [CREATED, COUNT, PRODUCT, QUANTITY, STEP, LATE, FATE, CUSTOMER, PAYMENT] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9,
]
/** An order is changed within so many hours, or never again. */
export const LIFE_HOURS = 20
/** How far the first orders reach back before the shop's first hour. */
const BEFORE_DAYS = 3

export const orderId = (i: number): string => `o${String(i).padStart(8, '0')}`

/** The orders that can be written in an hour: [from, to). */
export function ordersIn(shop: Shop, hour: number): [from: number, to: number] {
  const to = shop.orders + hour * shop.ordersPerHour
  const from =
    hour <= LIFE_HOURS + 1 ? 0 : shop.orders + (hour - LIFE_HOURS - 2) * shop.ordersPerHour
  return [from, to]
}

/** The order's states, the oldest first. */
export function versionsOf(shop: Shop, i: number): Version<Order>[] {
  const { seed } = shop
  const createdAt = createdOf(shop, i)
  const customers = shop.customers
  const base = {
    orderId: orderId(i),
    customerId: customerId(below(customers, seed, CUSTOMER, i)),
    payment: paymentOf(seed, i),
    createdAt,
  }
  const fate = below(100, seed, FATE, i)
  const steps: Partial<Order>[] = [{ status: 'open' }, { status: 'paid' }]
  if (fate < 80) steps.push({ status: 'shipped' })
  if (fate >= 70 && fate < 80) steps.push({ status: 'returned' })
  if (fate >= 96) steps.push({ deleted: true })
  const versions: Version<Order>[] = []
  let at = createdAt
  let state: Partial<Order> = { deleted: false }
  steps.forEach((step, n) => {
    if (n > 0) at += HOUR / 4 + below(4 * HOUR, seed, STEP, i, n)
    state = { ...state, ...step }
    const lines = linesOf(shop, i, fate >= 90 && n > 0)
    const row = { ...base, ...state, lines, updatedAt: at } as Order
    versions.push({ row, hour: writtenIn(shop, i, n, at) })
  })
  return versions
}

function createdOf(shop: Shop, i: number): number {
  const { seed, opened, orders, ordersPerHour } = shop
  if (i < orders) {
    const span = BEFORE_DAYS * 24 * HOUR
    return opened - span + below(span + HOUR, seed, CREATED, i)
  }
  const hour = 1 + Math.floor((i - orders) / ordersPerHour)
  return opened + hour * HOUR + below(HOUR, seed, CREATED, i)
}

/** What lies before the shop opened is there when it does. */
function writtenIn(shop: Shop, i: number, n: number, at: number): number {
  const hour = Math.max(0, hourOf(shop, at))
  const late =
    HOUR - ((at - shop.opened) % HOUR) <= LATE_MS && oneOf1000(300, shop.seed, LATE, i, n)
  return late && at >= shop.opened ? hour + 1 : hour
}

/** `changed`: the customer has taken the first thing out and wants one more of the others. */
function linesOf(shop: Shop, i: number, changed: boolean): Line[] {
  const { seed, products } = shop
  const count = 1 + below(5, seed, COUNT, i)
  return Array.from({ length: count }, (_, n) => {
    const product = below(products, seed, PRODUCT, i, n)
    const quantity = 1 + below(3, seed, QUANTITY, i, n)
    return {
      line: n + 1,
      productId: productId(product),
      quantity: !changed ? quantity : n === 0 ? 0 : quantity + 1,
      price: priceOf(shop, product),
    }
  })
}

function paymentOf(seed: number, i: number): Order['payment'] {
  const method = pick(['card', 'invoice', 'voucher', null], seed, PAYMENT, i)
  if (method === null) return null
  return {
    method,
    reference: hash(seed, PAYMENT, i, 1),
    parts: method === 'voucher' ? [1, 2.5] : [],
  }
}
