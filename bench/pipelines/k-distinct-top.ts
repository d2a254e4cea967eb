/** Case (k). */
import { param, pipeline, t } from 'millrace'
import { csv, parquet } from 'millrace/io'
import { Line, sales } from './line.ts'

export default pipeline({
  name: 'distinct-top',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    const sold = sales(p.read(csv(input, Line))).derive({
      revenue: [t.decimal(14, 3), r => r.Quantity * r.UnitPrice],
    })
    sold
      .groupBy('Country')
      .aggregate(g => ({
        customers: g.countDistinct('CustomerID'),
        orders: g.countDistinct('InvoiceNo'),
        products: g.countDistinct('StockCode'),
      }))
      .write(parquet(`${output}/counts`))
    sold
      .groupBy('Country', 'StockCode')
      .aggregate(g => ({ revenue: g.sum('revenue') }))
      .groupBy('Country')
      .top(10, { by: 'revenue', order: 'desc', rank: 'rank' })
      .write(parquet(`${output}/top`))
  },
})
