/** Case (g): the steps of pipelines/retail, with Parquet outputs and without the warehouse. */
import { param, pipeline, t } from 'millrace'
import { csv, parquet } from 'millrace/io'
import { Line, sales, startOfMonth } from './line.ts'

const DAY = 86_400_000

export default pipeline({
  name: 'retail',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    const sold = sales(p.read(csv(input, Line)))
      .distinct()
      .derive({
        revenue: [t.decimal(14, 3), r => r.Quantity * r.UnitPrice],
        day: [t.date, r => Math.floor(r.InvoiceDate / DAY) * DAY],
        month: [t.date, r => startOfMonth(r.InvoiceDate)],
      })
    sold
      .drop('day')
      .write(parquet(`${output}/sales`, { partitionBy: ['month'], sortBy: ['CustomerID'] }))
    sold
      .groupBy('Country', 'month')
      .aggregate(g => ({
        revenue: g.sum('revenue'),
        orders: g.countDistinct('InvoiceNo'),
        lines: g.count(),
      }))
      .write(parquet(`${output}/revenue_by_country_month`))
    sold
      .groupBy('day')
      .aggregate(g => ({
        revenue: g.sum('revenue'),
        orders: g.countDistinct('InvoiceNo'),
        lines: g.count(),
      }))
      .write(parquet(`${output}/revenue_by_day`))
    sold
      .groupBy('month', 'StockCode')
      .aggregate(g => ({ revenue: g.sum('revenue'), quantity: g.sum('Quantity') }))
      .groupBy('month')
      .top(20, { by: 'revenue', order: 'desc', rank: 'rank' })
      .write(parquet(`${output}/top_products`))
  },
})
