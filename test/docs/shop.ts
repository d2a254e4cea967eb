/** The shop that the examples of the docstrings speak of: its schemas and collections, as types. */
import { type PCollection, type Pipeline, type Schema, schema, t } from 'millrace'

type Of<S> = S extends Schema<infer F> ? PCollection<F> : never

export declare const p: Pipeline
export declare const output: string
export declare const priceOf: (id: string) => Promise<number>
export declare const render: (page: { url: string }) => Promise<{ url: string; html: string }>

export const Line = schema({
  invoiceNo: t.utf8,
  quantity: t.int32,
  unitPrice: t.decimal(10, 3),
  customerId: t.int32.nullable,
  price: t.decimal(10, 2),
  text: t.utf8,
})
export const Order = schema({
  id: t.utf8,
  orderId: t.utf8,
  day: t.date,
  price: t.decimal(10, 2),
  status: t.oneOf('open', 'paid', 'shipped'),
  country: t.utf8,
  lines: t.list(t.struct(schema({ productId: t.utf8, quantity: t.int32 }))),
  updatedAt: t.timestamp,
})
const Customer = schema({
  customerId: t.utf8,
  address: t.struct(schema({ city: t.utf8 })).nullable,
})
const Item = schema({ orderId: t.utf8, productId: t.utf8, quantity: t.int32 })
const Payment = schema({ orderId: t.utf8, paymentId: t.utf8, paidAt: t.timestamp })
const Product = schema({ id: t.utf8, name: t.utf8 })
const User = schema({ userId: t.utf8, updatedAt: t.timestamp })
const Person = schema({
  name: t.utf8,
  email: t.utf8,
  phone: t.utf8,
  country: t.utf8.nullable,
  orders: t.int32.nullable,
})
const Sold = schema({
  id: t.utf8,
  invoiceNo: t.utf8,
  country: t.utf8,
  month: t.date,
  revenue: t.decimal(14, 3),
})
export const Event = schema({ userId: t.utf8, at: t.timestamp })
export const Settled = schema({ orderId: t.utf8, items: t.int32, payments: t.int32 })
export const Sale = schema({ id: t.utf8, total: t.float64 })
export const Word = schema({ word: t.utf8 })
export const Priced = schema({ id: t.utf8, price: t.float64 })
export const Bad = schema({ id: t.utf8, reason: t.utf8 })
export const Page = schema({ url: t.utf8 })
export const Rendered = schema({ url: t.utf8, html: t.utf8 })
export const Rule = schema({ rule: t.utf8 })
export const Rate = schema({ currency: t.utf8, rate: t.float64 })
export const Price = schema({ productId: t.utf8, price: t.float64 })
export const Gap = schema({ userId: t.utf8, ms: t.int64 })

export declare const lines: Of<typeof Line>
export declare const orders: Of<typeof Order>
export declare const rows: Of<typeof Order>
export declare const customers: Of<typeof Customer>
export declare const items: Of<typeof Item>
export declare const payments: Of<typeof Payment>
export declare const products: Of<typeof Product>
export declare const users: Of<typeof User>
export declare const people: Of<typeof Person>
export declare const sales: Of<typeof Sold>
export declare const events: Of<typeof Event>
