/** The cases as Millrace pipelines: `case` says which, lambdas are plain TypeScript. */
import { param, pipeline, schema, t } from 'millrace'
import { csv, ndjson, parquet } from 'millrace/io'

const Line = schema({
  InvoiceNo: t.utf8,
  StockCode: t.utf8,
  Description: t.utf8.nullable,
  Quantity: t.int32,
  InvoiceDate: t.timestamp,
  UnitPrice: t.decimal(10, 3),
  CustomerID: t.int32.nullable,
  Country: t.utf8,
})

const startOfMonth = (ms: number) => {
  const d = new Date(ms)
  return Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), 1)
}

export default pipeline({
  name: 'bench',
  params: { case: param.oneOf(['a', 'b', 'c', 'd']), input: param.uri(), output: param.uri() },
  build(p, { case: id, input, output }) {
    const clean = p
      .read(csv(input, Line))
      .dropNulls('CustomerID')
      .filter(r => r.Quantity > 0)
      .filter(r => r.UnitPrice > 0)
    const revenue = () =>
      clean.derive({ revenue: [t.decimal(14, 3), r => r.Quantity * r.UnitPrice] })
    if (id === 'a')
      revenue()
        .aggregate(g => ({ revenue: g.sum('revenue'), lines: g.count() }))
        .write(ndjson(output))
    if (id === 'b')
      revenue()
        .derive({ month: [t.date, r => startOfMonth(r.InvoiceDate)] })
        .groupBy('Country', 'month')
        .aggregate(g => ({ revenue: g.sum('revenue'), lines: g.count() }))
        .write(ndjson(output))
    if (id === 'c') clean.write(parquet(output))
    if (id === 'd')
      clean
        .distinctBy(['InvoiceNo', 'StockCode'], { keep: 'last', by: 'InvoiceDate' })
        .write(parquet(output))
  },
})
