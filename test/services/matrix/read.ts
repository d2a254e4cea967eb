/** Reads rows from any system and writes them beside each other, in files. */
import { param, pipeline } from 'millrace'
import { csv, http, mongo, ndjson, parquet, table, xlsx } from 'millrace/io'
import { Order } from './rows.ts'

const BY_OFFSET = { style: 'offset', param: 'offset', size: 200, sizeParam: 'limit' } as const
const COUNTED = { ...BY_OFFSET, total: 'meta.total' } as const
const CHAINED = { style: 'next', path: 'meta.next' } as const

export default pipeline({
  name: 'matrix-read',
  params: { kind: param.text(), input: param.uri(), output: param.uri() },
  build(p, { kind, input, output }) {
    const sources = {
      csv: () => csv(input, Order),
      parquet: () => parquet(input, Order),
      mongo: () => mongo(input, Order),
      xlsx: () => xlsx(input, Order, { sheet: '*' }),
      pages: () => http(input, Order, { rows: 'data.items', paging: COUNTED }),
      // Faults that are silent are longer than the time limit.
      chain: () => http(input, Order, { rows: 'data.items', paging: CHAINED, timeout: '500ms' }),
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
