/** Case (j). */
import { param, pipeline, t } from 'millrace'
import { csv, parquet } from 'millrace/io'
import { Line, sales } from './line.ts'

export default pipeline({
  name: 'many-keys',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    sales(p.read(csv(input, Line)))
      .derive({ revenue: [t.decimal(14, 3), r => r.Quantity * r.UnitPrice] })
      .groupBy('InvoiceNo', 'Quantity')
      .aggregate(g => ({ revenue: g.sum('revenue'), lines: g.count() }))
      .write(parquet(output))
  },
})
