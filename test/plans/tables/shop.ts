/** The tables that the plans' pipelines read. Nothing is ever read: a plan is made from schemas alone. */
import { schema, t } from 'millrace'
import { csv, parquet } from 'millrace/io'

export const Line = schema({
  invoice: t.utf8,
  product: t.utf8,
  note: t.utf8.nullable,
  quantity: t.int32,
  price: t.decimal(10, 3),
  at: t.timestamp,
  customer: t.int32.nullable,
  country: t.utf8,
})
export const Product = schema({ product: t.utf8, name: t.utf8, colour: t.utf8, weight: t.float64 })
export const Rate = schema({ country: t.utf8, rate: t.float64 })

export const lines = csv('lines/*.csv', Line)
export const products = csv('products.csv', Product)
export const stored = parquet('lines/*.parquet', Line)
export const rates = [
  { country: 'France', rate: 1.2 },
  { country: 'Peru', rate: 0.2 },
]
