/** A clothing shop's database and bucket into a warehouse, hour by hour: see README.md. */
import { type Fields, type PCollection, param, pipeline, t, type Timestamp } from 'millrace'
import { audits, csv, ndjson, table } from 'millrace/io'
import { Customer, Order, Product, Stock } from './schema.ts'

const DAY = 86_400_000
const startOfDay = (ms: number): number => Math.floor(ms / DAY) * DAY

/** What was changed since the last run, and what late writers may have added before that. */
const changed = { by: 'updatedAt', overlap: '10min' } as const
const sinceLastRun = { overlap: '10min' } as const

/** Keeps the newest row of each key. */
const latest =
  <F extends Fields & { updatedAt: Timestamp }>(...keys: (keyof F & string)[]) =>
  (rows: PCollection<F>) =>
    rows.distinctBy(keys, { keep: 'last', by: 'updatedAt' })

/** A merge keeps the latest row of a key, and takes away what is flagged as deleted. */
const merged = { mode: 'merge', latest: 'updatedAt', names: 'snake_case' } as const

export default pipeline({
  name: 'storefront',
  every: 'hour',
  skipIf: 'noNewData',
  params: {
    shop: param.uri(),
    files: param.uri(),
    warehouse: param.uri('duckdb:storefront.duckdb'),
    rejects: param.uri(),
  },
  build(p, { shop, files, warehouse, rejects }, { interval }) {
    const customers = p
      .read(table(shop, 'customers', Customer, { incremental: changed }))
      .apply(latest('customerId'))
    const orders = p
      .read(table(shop, 'orders', Order, { incremental: changed }))
      .apply(latest('orderId'))
    const products = p
      .read(
        csv(`${files}/products/*.csv`, Product, {
          header: 'snake_case',
          incremental: sinceLastRun,
        }),
      )
      .apply(latest('productId'))
    const stock = p
      .read(csv(`${files}/stock/*.csv`, Stock, { header: 'snake_case', incremental: sinceLastRun }))
      .apply(latest('productId'))

    const lines = orders
      .drop('payment')
      .unnest('lines')
      .derive({ day: [t.date, r => startOfDay(r.createdAt)] })
    const linesTable = lines.write(
      table(warehouse, 'order_lines', {
        ...merged,
        key: ['orderId', 'line'],
        deleted: 'deleted',
        partition: { by: 'day', unit: 'day' },
        cluster: ['productId'],
        audit: [
          audits.unique('order_id', 'line'),
          audits.relationship('product_id', 'products', 'product_id'),
        ],
      }),
    )
    const productsTable = products.write(
      table(warehouse, 'products', {
        ...merged,
        key: ['productId'],
        audit: [audits.unique('product_id')],
      }),
    )

    // Only these days' figures can have changed, and they need all of a day's lines, not this hour's.
    const touched = lines.select('day').distinct()
    const sold = p
      .read(linesTable)
      .semiJoin(touched, { on: 'day' })
      .where({ status: { in: ['paid', 'shipped'] }, quantity: { gt: 0 } }, { reason: 'not sold' })
      .leftJoin(p.read(productsTable).select('productId', 'category'), { on: 'productId' })
      .derive({
        category: [t.utf8, r => r.category ?? 'unknown'],
        revenue: [t.decimal(14, 2), r => r.quantity * r.price],
      })
      .groupBy('day', 'category')
      .aggregate(g => ({ revenue: g.sum('revenue'), units: g.sum('quantity') }))
    // A day of which nothing is sold any more has one row that says so.
    const mart = touched
      .leftJoin(sold, { on: 'day' })
      .fillNulls({ category: 'none', revenue: 0, units: 0 })

    p.publish(
      linesTable,
      productsTable,
      customers.unpack('address', { prefix: 'address_' }).write(
        table(warehouse, 'customers', {
          ...merged,
          key: ['customerId'],
          deleted: 'deleted',
          audit: [audits.unique('customer_id')],
        }),
      ),
      orders.drop('lines').write(
        table(warehouse, 'orders', {
          ...merged,
          key: ['orderId'],
          deleted: 'deleted',
          partition: { by: 'createdAt', unit: 'day' },
          cluster: ['customerId'],
          audit: [
            audits.unique('order_id'),
            audits.accepted('status', ['open', 'paid', 'shipped', 'returned']),
          ],
        }),
      ),
      stock.write(
        table(warehouse, 'stock', {
          ...merged,
          key: ['productId'],
          audit: [audits.unique('product_id')],
        }),
      ),
      mart.write(
        table(warehouse, 'revenue_by_day_category', {
          mode: 'replacePartition',
          partition: { by: 'day', unit: 'day' },
          names: 'snake_case',
          audit: [audits.unique('day', 'category')],
        }),
      ),
    )
    const hour = new Date(interval.start).toISOString().slice(0, 13)
    p.rejects.write(ndjson(`${rejects}/${hour}`, { overwrite: true }))
  },
})
