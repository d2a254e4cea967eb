/** Loads rows into two tables of a warehouse, published together. */
import { param, pipeline } from 'millrace'
import { csv, table } from 'millrace/io'
import { Order } from './rows.ts'

export default pipeline({
  name: 'matrix-load',
  params: { input: param.uri(), warehouse: param.uri() },
  build(p, { input, warehouse }) {
    const orders = p.read(csv(input, Order))
    const merge = { mode: 'merge', key: ['id'], latest: 'day' } as const
    orders.write(table(warehouse, 'orders', merge))
    orders
      .groupBy('day')
      .aggregate(g => ({ orders: g.count(), amount: g.sum('amount') }))
      .write(table(warehouse, 'days', { mode: 'replace' }))
  },
})
