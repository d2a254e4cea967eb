/** Combiner lifting: rows are combined in the stage that reads them; only partials cross. */
import { pipeline } from 'millrace'
import { parquet } from 'millrace/io'
import { lines } from '../tables/shop.ts'

export default pipeline({
  name: 'aggregate',
  build(p) {
    p.read(lines)
      .filter(l => l.quantity > 0, { reason: 'cancelled' })
      .groupBy('country')
      .aggregate(g => ({
        lines: g.count(),
        pieces: g.sum('quantity'),
        orders: g.countDistinct('invoice'),
      }))
      .write(parquet('out'))
  },
})
