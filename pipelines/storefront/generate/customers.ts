/** Customers: some move, some leave. */
import type { Customer } from '../schema.ts'
import { below, oneOf1000, pick } from './hash.ts'
import { HOUR, hourOf, type Shop, type Version } from './shop.ts'

const [NAME, CITY, CREATED, MOVES, LEAVES, MAIL] = [21, 22, 23, 24, 25, 26]
const NAMES = ['Ada', 'Grace', 'Søren', 'José', 'Łucja', 'Αθηνά', 'O’Neill', '李雷']
const CITIES = [
  ['Berlin', 'Germany'],
  ['São Paulo', 'Brazil'],
  ['Kraków', 'Poland'],
  ['Paris', 'France'],
  ['Köln', 'Germany'],
] as const

export const customerId = (i: number): string => `c${String(i).padStart(7, '0')}`

/** The customers that can be written in an hour: [from, to). */
export const customersIn = (shop: Shop, hour: number): [from: number, to: number] => [
  0,
  shop.customers + hour * shop.customersPerHour,
]

/** The customer's states, the oldest first; each is written in the hour of its time. */
export function versionsOf(shop: Shop, i: number): Version<Customer>[] {
  const { seed } = shop
  const createdAt = createdOf(shop, i)
  const first: Customer = {
    customerId: customerId(i),
    name: `${pick(NAMES, seed, NAME, i)} ${i}`,
    email: oneOf1000(100, seed, MAIL, i) ? null : `c${i}@example.com`,
    address: addressOf(seed, i, 0),
    newsletter: oneOf1000(400, seed, MAIL, i, 1),
    createdAt,
    updatedAt: createdAt,
    deleted: false,
  }
  const rows = [first]
  if (oneOf1000(150, seed, MOVES, i)) {
    const updatedAt = createdAt + HOUR / 2 + below(12 * HOUR, seed, MOVES, i, 1)
    rows.push({ ...first, address: addressOf(seed, i, 1), updatedAt })
  }
  const last = rows.at(-1) as Customer
  if (oneOf1000(20, seed, LEAVES, i))
    rows.push({
      ...last,
      deleted: true,
      updatedAt: last.updatedAt + HOUR + below(HOUR, seed, LEAVES, i, 1),
    })
  return rows.map(row => ({ row, hour: Math.max(0, hourOf(shop, row.updatedAt)) }))
}

function createdOf({ seed, opened, customers, customersPerHour }: Shop, i: number): number {
  if (i < customers) return opened - 1 - below(90 * 24 * HOUR, seed, CREATED, i)
  const hour = 1 + Math.floor((i - customers) / customersPerHour)
  return opened + hour * HOUR + below(HOUR, seed, CREATED, i)
}

function addressOf(seed: number, i: number, move: number): Customer['address'] {
  if (oneOf1000(50, seed, CITY, i, move)) return null
  const [city, country] = pick(CITIES, seed, CITY, i, move, 1)
  return { street: `${1 + below(200, seed, CITY, i, move, 2)} Main Street, "rear"`, city, country }
}
