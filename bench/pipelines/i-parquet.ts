/** Case (i). */
import { param, pipeline, schema, t } from 'millrace'
import { csv, parquet } from 'millrace/io'
import { Line } from './line.ts'

/** The files are DuckDB's, whose TIMESTAMP is in no zone. */
const Stored = schema({ ...Line.fields, InvoiceDate: t.datetime })

export default pipeline({
  name: 'parquet',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    p.read(parquet(input, Stored))
      .where({ InvoiceDate: { gte: Date.UTC(2011, 4, 1), lt: Date.UTC(2011, 5, 1) } })
      .filter(r => r.Quantity > 0)
      .derive({ revenue: [t.decimal(14, 3), r => r.Quantity * r.UnitPrice] })
      .groupBy('Country', 'StockCode')
      .aggregate(g => ({ revenue: g.sum('revenue'), lines: g.count() }))
      .write(csv(output))
  },
})
