/** Case (b). */
import { param, pipeline, t } from 'millrace'
import { csv } from 'millrace/io'
import { Line, sales, startOfMonth } from './line.ts'

export default pipeline({
  name: 'group',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    sales(p.read(csv(input, Line)))
      .derive({
        month: [t.date, r => startOfMonth(r.InvoiceDate)],
        revenue: [t.decimal(14, 3), r => r.Quantity * r.UnitPrice],
      })
      .groupBy('Country', 'month')
      .aggregate(g => ({ revenue: g.sum('revenue'), lines: g.count() }))
      .write(csv(output))
  },
})
