/** A right side that stands in the pipeline is held by each task: the left crosses no exchange. */
import { pipeline, t } from 'millrace'
import { parquet } from 'millrace/io'
import { lines, Rate, rates } from '../tables/shop.ts'

export default pipeline({
  name: 'broadcast-small',
  build(p) {
    p.read(lines)
      .join(p.create(Rate, rates), { on: 'country' })
      .derive({ revenue: [t.float64, l => l.quantity * l.price * l.rate] })
      .groupBy('country')
      .aggregate(g => ({ revenue: g.sum('revenue') }))
      .write(parquet('out'))
  },
})
