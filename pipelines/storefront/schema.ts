/** What the shop keeps: customers and orders in its database, products and stock in its bucket. */
import { type Row, schema, t } from 'millrace'

export const Address = schema({ street: t.utf8, city: t.utf8, country: t.utf8 })

export const Customer = schema({
  customerId: t.utf8,
  name: t.utf8,
  email: t.utf8.nullable,
  address: t.struct(Address).nullable,
  newsletter: t.bool,
  createdAt: t.timestamp,
  updatedAt: t.timestamp,
  deleted: t.bool,
})

/** A line is never removed from its order: what was taken out has the quantity 0. */
export const Line = schema({
  line: t.int32,
  productId: t.utf8,
  quantity: t.int32,
  price: t.decimal(10, 2),
})

export const Order = schema({
  orderId: t.utf8,
  customerId: t.utf8,
  status: t.oneOf('open', 'paid', 'shipped', 'returned'),
  lines: t.list(t.struct(Line)),
  payment: t.json.nullable,
  createdAt: t.timestamp,
  updatedAt: t.timestamp,
  deleted: t.bool,
})

export const Product = schema({
  productId: t.utf8,
  name: t.utf8,
  category: t.utf8.nullable,
  cost: t.decimal(10, 2),
  updatedAt: t.timestamp,
})

export const Stock = schema({ productId: t.utf8, onHand: t.int32, updatedAt: t.timestamp })

export type Customer = Row<typeof Customer>
export type Order = Row<typeof Order>
export type Line = Row<typeof Line>
export type Product = Row<typeof Product>
export type Stock = Row<typeof Stock>
