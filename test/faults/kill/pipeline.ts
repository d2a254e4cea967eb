/**
 * What the kill harness runs: messy lines in several files, cleaned, the latest of each key kept, joined
 * to products, and written in every way that has a commit: partitioned Parquet, grouped NDJSON, rejects,
 * and two tables of one publish, one that is merged into and one that is appended to.
 */
import { param, pipeline, schema, t } from 'millrace'
import { csv, ndjson, parquet, table } from 'millrace/io'

const Line = schema({
  id: t.int32,
  product: t.utf8,
  quantity: t.int32,
  price: t.decimal(10, 3),
  at: t.timestamp,
  customer: t.int32.nullable,
  note: t.utf8.nullable,
})
const Product = schema({ product: t.utf8, category: t.utf8, list: t.decimal(10, 3) })

export default pipeline({
  name: 'kill',
  params: {
    input: param.uri(),
    products: param.uri(),
    output: param.uri(),
    warehouse: param.text(),
  },
  build(p, { input, products, output, warehouse }) {
    const lines = p
      .read(csv(input, Line))
      .dropNulls('customer')
      .filter(r => r.quantity > 0, { reason: 'returned' })
      .distinctBy(['id', 'product'], { keep: 'last', by: 'at' })
    const sold = lines.join(p.read(csv(products, Product)), { on: 'product' }).derive({
      revenue: [t.decimal(14, 3), r => r.quantity * r.price],
      month: [
        t.date,
        r => {
          const day = new Date(r.at)
          return Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1)
        },
      ],
    })
    const totals = sold.groupBy('category', 'month').aggregate(g => ({
      revenue: g.sum('revenue'),
      customers: g.countDistinct('customer'),
      lines: g.count(),
    }))
    const perCustomer = sold
      .groupBy('customer')
      .aggregate(g => ({ revenue: g.sum('revenue'), last: g.max('at') }))
    sold.write(parquet(`${output}/sold`, { partitionBy: ['month'], sortBy: ['id'] }))
    totals.write(ndjson(`${output}/totals`))
    perCustomer.write(parquet(`${output}/customers`))
    p.rejects.write(ndjson(`${output}/rejects`))
    p.publish(
      perCustomer.write(
        table(warehouse, 'customers', { mode: 'merge', key: ['customer'], latest: 'last' }),
      ),
      totals.write(table(warehouse, 'totals', { mode: 'append' })),
    )
  },
})
