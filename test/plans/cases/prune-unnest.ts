/** Before an unnest, which copies all other columns for each element, those that nothing reads go. */
import { pipeline, schema, t } from 'millrace'
import { ndjson, parquet } from 'millrace/io'

const Line = schema({ product: t.utf8, quantity: t.int32 })
const Order = schema({
  id: t.int32,
  note: t.utf8.nullable,
  at: t.timestamp,
  lines: t.list(t.struct(Line)),
  ship: t.struct(schema({ city: t.utf8, street: t.utf8 })),
})

export default pipeline({
  name: 'prune-unnest',
  build(p) {
    p.read(ndjson('orders.ndjson', Order))
      .unnest('lines')
      .unpack('ship', { prefix: 'to_' })
      .where({ quantity: { gt: 0 } })
      .select('id', 'product', 'to_city')
      .write(parquet('out'))
  },
})
