/** A pipeline over two tables of a database, into a third. */
import { param, pipeline, schema, t } from 'millrace'
import { ndjson, table } from 'millrace/io'

const Customer = schema({ id: t.int32, country: t.utf8.nullable })
const Order = schema({
  id: t.int64,
  customer: t.int32.nullable,
  amount: t.decimal(10, 2).nullable,
  at: t.timestamp.nullable,
})

export default pipeline({
  name: 'revenue',
  params: { uri: param.uri(), output: param.uri() },
  build(p, { uri, output }) {
    const customers = p.read(table(uri, 'public.customers', Customer)).dropNulls('country')
    const read = p.read(table(uri, 'public.orders', Order))
    const orders = read.where({ amount: { gt: 50 } })
    read.rejects.write(ndjson(`${output}/rejects`, { overwrite: true }))
    orders
      .join(customers, { on: { customer: 'id' } })
      .groupBy('country')
      .aggregate(g => ({ revenue: g.sum('amount'), orders: g.count(), last: g.max('at') }))
      .write(table(uri, 'revenue', { mode: 'merge', key: ['country'], latest: 'last' }))
  },
})
