/** Products and their stock, as the warehouse's own system exports them: each hour a file of what changed. */
import type { Product, Stock } from '../schema.ts'
import { below, oneOf1000, pick } from './hash.ts'
import { HOUR, type Shop } from './shop.ts'

const [CATEGORY, PRICE, CHANGES, ON_HAND, COST, TIME] = [41, 42, 43, 44, 45, 46]
const CATEGORIES = ['shirts', 'trousers', 'shoes', 'coats', 'hats', null] as const
/** Of a thousand, how many change in an hour. */
const CHANGED = { product: 20, stock: 200 }

export const productId = (i: number): string => `p${String(i).padStart(5, '0')}`

/** What is asked for it, in every order. */
export const priceOf = ({ seed }: Shop, i: number): number =>
  (500 + below(20_000, seed, PRICE, i)) / 100

/** A product's category never changes: past days' figures stay as they are. */
const categoryOf = ({ seed }: Shop, i: number) => pick(CATEGORIES, seed, CATEGORY, i)

/** Times lie in the hour before the file: it is written when the hour ends. */
const timeOf = ({ seed, opened }: Shop, hour: number, i: number, what: number): number =>
  opened + hour * HOUR + below(HOUR, seed, TIME, hour, i, what)

/** The product as an hour leaves it; null where the hour does not touch it. */
export function productIn(shop: Shop, i: number, hour: number): Product | null {
  if (hour > 0 && !oneOf1000(CHANGED.product, shop.seed, CHANGES, i, hour)) return null
  const category = categoryOf(shop, i)
  return {
    productId: productId(i),
    name: `${category ?? 'thing'} no. ${i}, "model ${hour}"`,
    category,
    cost: (100 + below(9000, shop.seed, COST, i, hour)) / 100,
    updatedAt: timeOf(shop, hour, i, 1),
  }
}

export function stockIn(shop: Shop, i: number, hour: number): Stock | null {
  if (hour > 0 && !oneOf1000(CHANGED.stock, shop.seed, ON_HAND, i, hour)) return null
  return {
    productId: productId(i),
    onHand: below(500, shop.seed, ON_HAND, i, hour, 1),
    updatedAt: timeOf(shop, hour, i, 2),
  }
}
