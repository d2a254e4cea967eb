/** Collections that meet are pruned alike, though one of them comes from a join. */
import { flatten, pipeline } from 'millrace'
import { parquet } from 'millrace/io'
import { lines, products } from '../tables/shop.ts'

export default pipeline({
  name: 'prune-flatten',
  build(p) {
    const joined = p
      .read(lines)
      .join(p.read(products), { on: 'product' })
      .select('product', 'quantity', 'name')
    const named = p.read(products).select('product', 'name')
    const all = flatten(joined.select('product', 'name'), named)
    all.reshuffle().select('name').distinct().write(parquet('out'))
  },
})
