/** A function that may use its row as a whole keeps all columns before it. */
import { pipeline, t } from 'millrace'
import { parquet } from 'millrace/io'
import { lines, products } from '../tables/shop.ts'

export default pipeline({
  name: 'prune-opaque',
  build(p) {
    p.read(lines)
      .join(p.read(products), { on: 'product' })
      .derive({ size: [t.int32, r => Object.keys(r).length] })
      .groupBy('name')
      .aggregate(g => ({ size: g.sum('size') }))
      .write(parquet('out'))
  },
})
