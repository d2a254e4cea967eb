/**
 * Six real pipelines, as far as today's verbs go. They compile without an error; never run here. What
 * waits for its issue is left out: windows, state, change streams, lists and structs, expectations.
 */
// biome-ignore-all format: a case a line
import { coGroupByKey, combineFn, flatten, param, pipeline, schema, t } from 'millrace'
import type { Fields, PCollection, Row, Timestamp } from 'millrace'
import { csv, ndjson, parquet, table } from 'millrace/io'

const DAY = 86_400_000
const startOfDay = (ms: number) => ms - (ms % DAY)
const startOfMonth = (ms: number) => {
  const d = new Date(ms)
  return Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), 1)
}

// 1 storefront: files → warehouse, latest row per key, marts of the days that changed
const Order = schema({ orderId: t.utf8, customerId: t.utf8, status: t.oneOf('open', 'paid', 'shipped', 'returned'), createdAt: t.timestamp, updatedAt: t.timestamp, deleted: t.bool })
const OrderLine = schema({ orderId: t.utf8, productId: t.utf8, quantity: t.int32, price: t.decimal(10, 2) })
const Product = schema({ productId: t.utf8, name: t.utf8, category: t.utf8.nullable, cost: t.decimal(10, 2), updatedAt: t.timestamp })
const Stock = schema({ productId: t.utf8, onHand: t.int32, updatedAt: t.timestamp })

/** A composite: keeps the newest row of each key. Works on any collection that has updatedAt. */
const latest =
  <F extends Fields & { updatedAt: Timestamp }>(...keys: (keyof F & string)[]) =>
  (rows: PCollection<F>) =>
    rows.distinctBy(keys, { keep: 'last', by: 'updatedAt' })

export const storefront = pipeline({
  name: 'storefront',
  every: 'hour',
  skipIf: 'noNewData',
  params: { files: param.uri(), warehouse: param.uri('duckdb:storefront.duckdb') },
  build(p, { files, warehouse }) {
    const orders = p.read(ndjson(`${files}/orders/*.ndjson`, Order)).apply(latest('orderId'))
    const items = p.read(csv(`${files}/lines/*.csv`, OrderLine, { header: 'snake_case' }))
    const products = p.read(csv(`${files}/products/*.csv`, Product, { header: 'snake_case' })).apply(latest('productId'))
    const stock = p.read(csv(`${files}/stock/*.csv`, Stock, { header: 'snake_case' })).apply(latest('productId'))
    const lines = items.join(orders, { on: 'orderId' }).derive({ day: [t.date, r => startOfDay(r.createdAt)] })
    const linesTable = lines.write(table(warehouse, 'order_lines', { mode: 'merge', key: ['orderId', 'productId'], latest: 'updatedAt', deleted: 'deleted', partition: { by: 'day', unit: 'day' }, names: 'snake_case' }))
    const productsTable = products.write(table(warehouse, 'products', { mode: 'merge', key: ['productId'], latest: 'updatedAt' }))

    const touched = lines.select('day').distinct()
    const sold = p.read(linesTable).semiJoin(touched, { on: 'day' })
      .where({ status: { in: ['paid', 'shipped'] } }, { reason: 'not sold' })
      .leftJoin(p.read(productsTable), { on: 'productId', prefix: 'product_' })
      .derive({ category: [t.utf8, r => r.product_category ?? 'unknown'], revenue: [t.decimal(14, 2), r => r.quantity * r.price] })
    const mart = sold.groupBy('day', 'category').aggregate(g => ({ revenue: g.sum('revenue'), units: g.sum('quantity'), orders: g.countDistinct('orderId') }))
    const cover = stock.leftJoin(sold.groupBy('productId').aggregate(g => ({ units: g.sum('quantity') })), { on: 'productId' })
      .derive({ daysLeft: [t.float64.nullable, r => (r.units === null || r.units === 0 ? null : r.onHand / r.units)] })

    p.publish(
      linesTable,
      productsTable,
      orders.write(table(warehouse, 'orders', { mode: 'merge', key: ['orderId'], latest: 'updatedAt', deleted: 'deleted', partition: { by: 'createdAt', unit: 'day' }, cluster: ['customerId'] })),
      mart.write(table(warehouse, 'revenue_by_day_category', { mode: 'replacePartition', partition: { by: 'day', unit: 'day' } })),
      cover.write(table(warehouse, 'stock_cover', { mode: 'merge', key: ['productId'], latest: 'updatedAt' })),
    )
    p.rejects.write(ndjson(`${files}/rejects`))
  },
})

// 2 olist, daily: staging → fact_sales, KPIs
const OlistOrder = schema({ orderId: t.utf8, customerId: t.utf8, orderStatus: t.oneOf('created', 'approved', 'shipped', 'delivered', 'canceled', 'unavailable', 'invoiced', 'processing'), purchasedAt: t.timestamp, deliveredAt: t.timestamp.nullable })
const OlistItem = schema({ orderId: t.utf8, orderItemId: t.int32, productId: t.utf8, sellerId: t.utf8, price: t.decimal(10, 2), freightValue: t.decimal(10, 2) })
const OlistPayment = schema({ orderId: t.utf8, paymentSequential: t.int32, paymentType: t.utf8, paymentValue: t.decimal(10, 2) })
const OlistCustomer = schema({ customerId: t.utf8, customerUniqueId: t.utf8, customerCity: t.utf8, customerState: t.utf8 })
const Settled = schema({ orderId: t.utf8, itemsTotal: t.decimal(14, 2), paidTotal: t.decimal(14, 2), payments: t.int32, settled: t.bool })

const slope = combineFn(schema({ x: t.float64, y: t.float64 }), {
  accumulator: schema({ n: t.float64, sx: t.float64, sy: t.float64, sxx: t.float64, sxy: t.float64 }),
  output: t.float64,
  createAccumulator: () => ({ n: 0, sx: 0, sy: 0, sxx: 0, sxy: 0 }),
  addInput: (a, r) => ({ n: a.n + 1, sx: a.sx + r.x, sy: a.sy + r.y, sxx: a.sxx + r.x * r.x, sxy: a.sxy + r.x * r.y }),
  mergeAccumulators: (a, b) => ({ n: a.n + b.n, sx: a.sx + b.sx, sy: a.sy + b.sy, sxx: a.sxx + b.sxx, sxy: a.sxy + b.sxy }),
  extractOutput: a => (a.n * a.sxy - a.sx * a.sy) / (a.n * a.sxx - a.sx * a.sx),
})

export const olist = pipeline({
  name: 'olist',
  every: 'day',
  params: { landing: param.uri(), warehouse: param.uri('duckdb:olist.duckdb') },
  build(p, { landing, warehouse }, { interval }) {
    const read = { header: 'snake_case' } as const
    const orders = p.read(csv(`${landing}/orders/*.csv.gz`, OlistOrder, read)).where({ purchasedAt: { gte: interval.start, lt: interval.end } })
    const items = p.read(csv(`${landing}/order_items/*.csv.gz`, OlistItem, read)).semiJoin(orders, { on: 'orderId' })
    const payments = p.read(csv(`${landing}/payments/*.csv.gz`, OlistPayment, read)).semiJoin(orders, { on: 'orderId' })
    const customers = p.read(csv(`${landing}/customers/*.csv.gz`, OlistCustomer, read))

    const settled = coGroupByKey({ items, payments }, 'orderId').flatMap(Settled, function* ({ key, items, payments }) {
      let itemsTotal = 0
      let paidTotal = 0
      let n = 0
      for (const i of items) itemsTotal += i.price + i.freightValue
      for (const pay of payments) {
        paidTotal += pay.paymentValue
        n++
      }
      yield { orderId: key.orderId, itemsTotal, paidTotal, payments: n, settled: Math.abs(itemsTotal - paidTotal) < 0.005 }
    })
    const fact = items.join(orders, { on: 'orderId' }).join(customers, { on: 'customerId', hint: 'broadcast' }).leftJoin(settled, { on: 'orderId' })
      .derive({
        day: [t.date, r => startOfDay(r.purchasedAt)],
        deliveryDays: [t.float64.nullable, r => (r.deliveredAt === null ? null : (r.deliveredAt - r.purchasedAt) / DAY)],
      })
    const factTable = fact.write(table(warehouse, 'fact_sales', { mode: 'replacePartition', partition: { by: 'day', unit: 'day' }, cluster: ['sellerId'], names: 'snake_case' }))

    const all = p.read(factTable)
    const best = fact.groupBy('day', 'productId').aggregate(g => ({ sales: g.sum('price'), units: g.count() })).groupBy('day').top(10, { by: 'sales', order: 'desc', rank: 'rank' })
    const bySeller = all.dropNulls('deliveryDays').groupBy('sellerId').aggregate(g => ({ average: g.mean('deliveryDays'), orders: g.countDistinct('orderId') }))
    const trend = all.groupBy('day', 'customerState').aggregate(g => ({ sales: g.sum('price') }))
      .derive({ x: [t.float64, r => r.day / DAY], y: [t.float64, r => r.sales] })
      .groupBy('customerState').aggregate(g => ({ slope: g.combine(slope) }))
    const aov = all.groupBy('customerState', 'customerCity', 'orderId').aggregate(g => ({ value: g.sum('price') }))
      .groupBy('customerState', 'customerCity').aggregate(g => ({ averageOrderValue: g.mean('value'), orders: g.count() }))
    p.publish(
      factTable,
      best.write(table(warehouse, 'top_products_by_day', { mode: 'replacePartition', partition: { by: 'day', unit: 'day' } })),
      bySeller.write(table(warehouse, 'delivery_by_seller', { mode: 'replace' })),
      trend.write(table(warehouse, 'sales_trend', { mode: 'replace' })),
      aov.write(table(warehouse, 'aov', { mode: 'replace' })),
    )
  },
})

// 3 olist, live, as a batch over recorded messages: validated tables, dead letters
const Message = schema({ eventId: t.utf8, at: t.timestamp, body: t.utf8 })
const Live = schema({ orderId: t.utf8, customerId: t.utf8, status: t.oneOf('created', 'paid', 'shipped', 'canceled'), amount: t.decimal(10, 2), currency: t.utf8, updatedAt: t.timestamp })
const Bad = schema({ eventId: t.utf8, reason: t.utf8, body: t.utf8 })
const Rate = schema({ currency: t.utf8, perEuro: t.float64 })

export const live = pipeline({
  name: 'olist-live',
  params: { messages: param.uri(), rates: param.uri(), warehouse: param.uri('duckdb:olist-live.duckdb') },
  build(p, a) {
    const rates = p.read(csv(a.rates, Rate)).asMap('currency')
    const messages = p.read(ndjson(a.messages, Message))
    const { orders, bad } = messages.distinctBy('eventId', { keep: 'first', by: 'at' }).parDo({
      output: { orders: Live, bad: Bad },
      side: { rates },
      process({ eventId, at, body }, c) {
        const o = JSON.parse(body) as Partial<Row<typeof Live>>
        if (!o.orderId || !o.customerId || !o.status || typeof o.amount !== 'number') return c.emit.bad({ eventId, reason: 'incomplete', body })
        const rate = c.side.rates.get(o.currency ?? 'EUR')
        if (!rate) return c.emit.bad({ eventId, reason: `no rate for ${o.currency}`, body })
        c.emit.orders({ orderId: o.orderId, customerId: o.customerId, status: o.status, amount: o.amount / rate.perEuro, currency: 'EUR', updatedAt: at })
      },
    })
    const visits = orders.groupBy('customerId').aggregate(g => ({ orders: g.count(), spent: g.sum('amount'), last: g.last('status', { by: 'updatedAt' }) }))
    orders.write(table(a.warehouse, 'orders', { mode: 'merge', key: ['orderId'], latest: 'updatedAt' }))
    visits.write(table(a.warehouse, 'visits', { mode: 'append' }))
    bad.write(table(a.warehouse, 'dead_letters', { mode: 'append' }))
  },
})

// 4 retail: clean → fact, marts
const Line = schema({ invoiceNo: t.utf8, stockCode: t.utf8, description: t.utf8.nullable, quantity: t.int32, invoiceDate: t.timestamp, unitPrice: t.decimal(10, 3), customerId: t.int32.nullable, country: t.utf8 })
const header = { InvoiceNo: 'invoiceNo', StockCode: 'stockCode', Description: 'description', Quantity: 'quantity', InvoiceDate: 'invoiceDate', UnitPrice: 'unitPrice', CustomerID: 'customerId', Country: 'country' } as const

export const retail = pipeline({
  name: 'retail',
  params: { input: param.uri(), more: param.uri(), output: param.uri(), warehouse: param.uri('duckdb:retail.duckdb'), keep: param.oneOf(['last', 'first'], 'last') },
  build(p, { input, more, output, warehouse, keep }) {
    const text = p.read(csv(input, Line, { header, formats: { invoiceDate: 'd/M/yyyy H:mm' } }))
    const columns = p.read(ndjson(more, Line))
    const sales = flatten(text, columns)
      .dropNulls('customerId')
      .filter(r => r.quantity > 0, { reason: 'cancelled' })
      .filter(r => r.unitPrice > 0, { reason: 'no price' })
      .distinctBy(['invoiceNo', 'stockCode'], { keep, by: 'invoiceDate' })
      .derive({
        revenue: [t.decimal(14, 3), r => r.quantity * r.unitPrice],
        day: [t.date, r => startOfDay(r.invoiceDate)],
        month: [t.date, r => startOfMonth(r.invoiceDate)],
      })
    const byMonth = sales.groupBy('country', 'month').aggregate(g => ({ revenue: g.sum('revenue'), orders: g.countDistinct('invoiceNo'), lines: g.count(), big: g.count({ where: { quantity: { gte: 100 } } }) }))
    const byDay = sales.groupBy('day').aggregate(g => ({ revenue: g.sum('revenue'), orders: g.countDistinct('invoiceNo'), lines: g.count() }))
    const top = sales.groupBy('month', 'stockCode').aggregate(g => ({ revenue: g.sum('revenue'), quantity: g.sum('quantity') }))
      .groupBy('month').top(20, { by: 'revenue', order: 'desc', rank: 'rank' })
    const { home, abroad } = sales.partition(['home', 'abroad'], r => (r.country === 'United Kingdom' ? 'home' : 'abroad'))

    sales.write(parquet(`${output}/sales`, { partitionBy: ['month'], sortBy: ['customerId'], names: 'snake_case' }))
    sales.write(table(warehouse, 'sales', { mode: 'replace', partition: { by: 'month', unit: 'month' }, cluster: ['customerId'], names: 'snake_case' }))
    byMonth.write(table(warehouse, 'revenue_by_country_month', { mode: 'replace' }))
    byDay.write(table(warehouse, 'revenue_by_day', { mode: 'replace' }))
    top.write(table(warehouse, 'top_products', { mode: 'replace' }))
    home.write(csv(`${output}/home`))
    abroad.write(csv(`${output}/abroad`))
    p.rejects.write(ndjson(`${output}/rejects`))
  },
})

// 5 medallion: raw files → bronze → silver → gold
const RawEvent = schema({ eventId: t.utf8, userId: t.utf8.nullable, kind: t.utf8.nullable, at: t.utf8.nullable, device: t.utf8.nullable })
const RawPayment = schema({ paymentId: t.utf8, userId: t.utf8.nullable, amount: t.utf8.nullable, currency: t.utf8.nullable, paidAt: t.timestamp.nullable })
const User = schema({ userId: t.utf8, email: t.utf8.nullable, country: t.utf8.nullable, signedUpAt: t.timestamp })
const Rule = schema({ field: t.utf8, from: t.utf8, to: t.utf8 })
const Event = RawEvent.omit('at', 'userId', 'kind').extend({ userId: t.utf8, kind: t.oneOf('view', 'cart', 'buy', 'other'), at: t.timestamp })
type KindOf = Row<typeof Event>['kind']
const kinds: ReadonlySet<string> = new Set<KindOf>(['view', 'cart', 'buy'])

export const medallion = pipeline({
  name: 'medallion',
  params: { raw: param.uri(), lake: param.uri(), warehouse: param.uri('duckdb:medallion.duckdb') },
  build(p, { raw, lake, warehouse }) {
    const csvEvents = p.read(csv(`${raw}/events/**/*.{csv,csv.gz}`, RawEvent, { nulls: ['', 'NA', 'null'] }))
    const jsonEvents = p.read(ndjson(`${raw}/events/**/*.ndjson`, RawEvent))
    const payments = p.read(csv(`${raw}/transactions/**`, RawPayment))
    const users = p.read(csv(`${raw}/users/**`, User)).distinctBy('userId', { keep: 'last', by: 'signedUpAt' })
    const rules = p.read(csv(`${raw}/rules.csv`, Rule)).where({ field: 'country' }).asMap('from')

    const bronze = flatten(csvEvents, jsonEvents).reify({ sourceUri: 'sourceUri', sourceOffset: 'sourceOffset', runId: 'runId' })
    bronze.write(parquet(`${lake}/bronze/events`, { names: 'snake_case' }))

    const silver = bronze.dropNulls('userId', 'at')
      .map(Event, r => {
        const at = Date.parse(r.at)
        if (Number.isNaN(at)) throw new RangeError(`not a time: ${r.at}`)
        const kind = r.kind?.trim().toLowerCase() ?? 'other'
        return { eventId: r.eventId, device: r.device, userId: r.userId.trim(), kind: kinds.has(kind) ? (kind as KindOf) : 'other', at }
      }, { onError: 'deadLetter' })
      .distinctBy('eventId', { keep: 'last', by: 'at' })
      .derive({ day: [t.date, r => startOfDay(r.at)] })
    const paid = payments.dropNulls('userId', 'amount', 'paidAt')
      .derive({ amount: [t.decimal(12, 2), r => Number(r.amount.replace(',', '.'))], day: [t.date, r => startOfDay(r.paidAt)] }, { onError: 'deadLetter' })
    const people = users.derive({ country: [t.utf8, (r, { rules }) => rules.get(r.country ?? '')?.to ?? r.country ?? 'unknown'] }, { side: { rules } })

    const activity = silver.groupBy('userId', 'day').aggregate(g => ({ events: g.count(), buys: g.count({ where: { kind: 'buy' } }) }))
    const daily = paid.groupBy('day').aggregate(g => ({ revenue: g.sum('amount'), payers: g.countDistinct('userId') }))
    const lifetime = people.leftJoin(paid.groupBy('userId').aggregate(g => ({ value: g.sum('amount'), last: g.max('paidAt') })), { on: 'userId' })
      .fillNulls({ value: 0 })
    const strangers = silver.antiJoin(users, { on: 'userId' })
    const facts = paid.rename({ paymentId: 'id', paidAt: 'at' }).fullJoin(people.select('userId', 'country'), { on: 'userId' })

    p.publish(
      activity.write(table(warehouse, 'user_activity', { mode: 'replacePartition', partition: { by: 'day', unit: 'day' } })),
      daily.write(table(warehouse, 'daily_revenue', { mode: 'merge', key: ['day'], latest: 'day' })),
      lifetime.write(table(warehouse, 'user_lifetime_value', { mode: 'replace' })),
      facts.write(table(warehouse, 'fact_payments', { mode: 'replace' })),
      strangers.write(parquet(`${lake}/quarantine/strangers`)),
    )
  },
})

// 6 olist, lakehouse, from a recorded change log: newest row of each order
const Change = schema({ op: t.oneOf('insert', 'update', 'delete'), at: t.timestamp, position: t.utf8, orderId: t.utf8, customerId: t.utf8, status: t.utf8, total: t.decimal(12, 2) })

export const lakehouse = pipeline({
  name: 'olist-lakehouse',
  params: { changes: param.uri(), lake: param.uri(), warehouse: param.uri() },
  build(p, { changes, lake, warehouse }) {
    const rows = p.read(ndjson(changes, Change)).derive({ deleted: [t.bool, r => r.op === 'delete'] })
    const newest = rows.distinctBy('orderId', { keep: 'last', by: 'position' })
    newest.where({ deleted: false }, { reason: 'deleted' }).drop('op', 'deleted').write(parquet(`${lake}/orders`))
    newest.drop('op').write(table(warehouse, 'orders', { mode: 'merge', key: ['orderId'], latest: 'position', deleted: 'deleted' }))
  },
})
