/** top and a second aggregation: each exchange has what lies beyond it only. */
import { pipeline } from 'millrace'
import { parquet } from 'millrace/io'
import { lines } from '../tables/shop.ts'

export default pipeline({
  name: 'prune-top',
  build(p) {
    p.read(lines)
      .groupBy('country')
      .top(10, { by: 'price', order: 'desc', rank: 'place' })
      .sortBy('place')
      .select('country', 'place', 'product')
      .write(parquet('out'))
  },
})
