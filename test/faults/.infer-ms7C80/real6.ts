// Drafted from 20,000 rows of "/tmp/w/shared/data/online_retail/online_retail.csv.gz". Check kinds and nullability: rows that do not fit are rejected.
import { schema, t } from 'millrace'

export const Row = schema({
  invoiceNo: t.utf8,
  stockCode: t.utf8,
  description: t.utf8.nullable,
  quantity: t.int32,
  invoiceDate: t.timestamp,
  unitPrice: t.decimal(15, 2),
  customerId: t.int32.nullable,
  country: t.utf8,
})

export const options = {
  header: {
    InvoiceNo: 'invoiceNo',
    StockCode: 'stockCode',
    Description: 'description',
    Quantity: 'quantity',
    InvoiceDate: 'invoiceDate',
    UnitPrice: 'unitPrice',
    CustomerID: 'customerId',
    Country: 'country',
  },
} as const

// p.read(csv("/tmp/w/shared/data/online_retail/online_retail.csv.gz", Row, options))

import { param, pipeline } from 'millrace'
import { csv, parquet } from 'millrace/io'
export default pipeline({
  name: 'drafted',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    p.read(csv(input, Row, options)).write(parquet(output))
  },
})
