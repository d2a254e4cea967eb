/**
 * Sales of an online shop, cleaned: lines with a customer, a positive quantity and a price, exact
 * duplicates removed; then revenue by country and month, by day, and each month's top products.
 */
import { param, pipeline, t } from 'millrace'
import { csv, ndjson, parquet, table } from 'millrace/io'
import { header, Line } from './schema.ts'

const DAY = 86_400_000
const startOfDay = (ms: number) => Math.floor(ms / DAY) * DAY
const startOfMonth = (ms: number) => {
  const d = new Date(ms)
  return Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), 1)
}

export default pipeline({
  name: 'retail',
  params: { input: param.uri(), output: param.uri(), warehouse: param.text('') },
  build(p, { input, output, warehouse }) {
    const lake = warehouse === '' ? `duckdb:${output}/retail.duckdb` : warehouse
    const sales = p
      .read(csv(input, Line, { header }))
      .dropNulls('customerId')
      .filter(r => r.quantity > 0, { reason: 'cancelled' })
      .filter(r => r.unitPrice > 0, { reason: 'no price' })
      .distinct()
      .derive({
        revenue: [t.decimal(14, 3), r => r.quantity * r.unitPrice],
        day: [t.date, r => startOfDay(r.invoiceDate)],
        month: [t.date, r => startOfMonth(r.invoiceDate)],
      })

    const byCountryMonth = sales.groupBy('country', 'month').aggregate(g => ({
      revenue: g.sum('revenue'),
      orders: g.countDistinct('invoiceNo'),
      lines: g.count(),
    }))
    const byDay = sales.groupBy('day').aggregate(g => ({
      revenue: g.sum('revenue'),
      orders: g.countDistinct('invoiceNo'),
      lines: g.count(),
    }))
    const top = sales
      .groupBy('month', 'stockCode')
      .aggregate(g => ({ revenue: g.sum('revenue'), quantity: g.sum('quantity') }))
      .groupBy('month')
      .top(20, { by: 'revenue', order: 'desc', rank: 'rank' })

    const snake = { names: 'snake_case' } as const
    const fact = sales.drop('day')
    fact.write(
      parquet(`${output}/sales`, { partitionBy: ['month'], sortBy: ['customerId'], ...snake }),
    )
    byCountryMonth.write(parquet(`${output}/revenue_by_country_month`, snake))
    byDay.write(parquet(`${output}/revenue_by_day`, snake))
    top.write(parquet(`${output}/top_products`, snake))
    p.rejects.write(ndjson(`${output}/rejects`))

    p.publish(
      fact.write(
        table(lake, 'sales', {
          mode: 'replace',
          partition: { by: 'month', unit: 'month' },
          cluster: ['customerId'],
          ...snake,
        }),
      ),
      byCountryMonth.write(table(lake, 'revenue_by_country_month', { mode: 'replace', ...snake })),
      byDay.write(table(lake, 'revenue_by_day', { mode: 'replace', ...snake })),
      top.write(table(lake, 'top_products', { mode: 'replace', ...snake })),
    )
  },
})
