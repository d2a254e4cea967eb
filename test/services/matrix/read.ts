/** Reads rows from any system and writes them beside each other, in files. */
import { param, pipeline } from 'millrace'
import { csv, mongo, ndjson, parquet, table } from 'millrace/io'
import { Order } from './rows.ts'

export default pipeline({
  name: 'matrix-read',
  params: { kind: param.text(), input: param.uri(), output: param.uri() },
  build(p, { kind, input, output }) {
    const sources = {
      csv: () => csv(input, Order),
      parquet: () => parquet(input, Order),
      mongo: () => mongo(input, Order),
      table: () => table(input, 'orders', Order),
    }
    const orders = p.read(sources[kind as keyof typeof sources]())
    orders.write(parquet(`${output}/orders`))
    orders
      .groupBy('day')
      .aggregate(g => ({ orders: g.count(), amount: g.sum('amount') }))
      .write(ndjson(`${output}/days`, { sortBy: ['day'] }))
  },
})
