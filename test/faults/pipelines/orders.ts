/** Orders with a price, a day and a note, from CSV to Parquet and rejects: what goes wrong is in the file. */
import { param, pipeline, schema, t } from 'millrace'
import { csv, ndjson } from 'millrace/io'

const Order = schema({
  id: t.int32,
  price: t.decimal(10, 2),
  day: t.date,
  note: t.utf8.nullable,
})

export default pipeline({
  name: 'orders',
  params: {
    input: param.uri(),
    output: param.uri(),
    extra: param.oneOf(['ignore', 'fail'], 'ignore'),
    above: param.number(0),
    since: param.date('2000-01-01'),
    dry: param.flag(),
  },
  build(p, { input, output, extra, above, since, dry }) {
    const orders = p.read(csv(input, Order, { extra }))
    orders.rejects.write(ndjson(`${output}/rejects`))
    orders
      .filter(o => o.price >= above && o.day >= since && !dry, { reason: 'not wanted' })
      .write(ndjson(`${output}/orders`))
  },
})
