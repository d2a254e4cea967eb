/** The lines and what most cases do with them first. */
import { type PCollection, schema, t } from 'millrace'

export const Line = schema({
  InvoiceNo: t.utf8,
  StockCode: t.utf8,
  Description: t.utf8.nullable,
  Quantity: t.int32,
  InvoiceDate: t.timestamp,
  UnitPrice: t.decimal(10, 3),
  CustomerID: t.int32.nullable,
  Country: t.utf8,
})

export const sales = (lines: PCollection<(typeof Line)['fields']>) =>
  lines
    .dropNulls('CustomerID')
    .filter(r => r.Quantity > 0)
    .filter(r => r.UnitPrice > 0)

export const startOfMonth = (ms: number): number => {
  const d = new Date(ms)
  return Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), 1)
}
