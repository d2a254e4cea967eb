/** Columns that nothing reads beyond a join cross no exchange and are not decoded, through a lambda too. */
import { pipeline, t } from 'millrace'
import { parquet } from 'millrace/io'
import { lines, products } from '../tables/shop.ts'

export default pipeline({
  name: 'prune-join',
  build(p) {
    p.read(lines)
      .join(p.read(products), { on: 'product' })
      .derive({ weighed: [t.float64, r => r.quantity * r.weight] })
      .groupBy('name')
      .aggregate(g => ({ weight: g.sum('weighed') }))
      .write(parquet('out'))
  },
})
