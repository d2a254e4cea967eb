/** The UCI Online Retail layout: one row a line of an invoice. */
import { schema, t } from 'millrace'

export const Line = schema({
  invoiceNo: t.utf8,
  stockCode: t.utf8,
  description: t.utf8.nullable,
  quantity: t.int32,
  invoiceDate: t.timestamp,
  unitPrice: t.decimal(10, 3),
  customerId: t.int32.nullable,
  country: t.utf8,
})

export const header = {
  InvoiceNo: 'invoiceNo',
  StockCode: 'stockCode',
  Description: 'description',
  Quantity: 'quantity',
  InvoiceDate: 'invoiceDate',
  UnitPrice: 'unitPrice',
  CustomerID: 'customerId',
  Country: 'country',
} as const
