/** A where behind an exchange stays there: before it, it would count other rows under its reason. */
import { pipeline } from 'millrace'
import { parquet } from 'millrace/io'
import { stored, products } from '../tables/shop.ts'

export default pipeline({
  name: 'where-stays',
  build(p) {
    p.read(stored)
      .join(p.read(products), { on: 'product' })
      .where({ country: 'France' }, { reason: 'abroad' })
      .groupBy('product')
      .aggregate(g => ({ lines: g.count() }))
      .where({ product: 'tea' }, { reason: 'not tea' })
      .write(parquet('out'))
  },
})
