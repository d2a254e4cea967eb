/** A side input made of the rows that read it: they are materialised first, so that nothing waits for itself. */
import { pipeline, t } from 'millrace'
import { parquet } from 'millrace/io'
import { lines } from '../tables/shop.ts'

export default pipeline({
  name: 'share-of-total',
  build(p) {
    const all = p.read(lines).select('country', 'quantity')
    const total = all.aggregate(g => ({ pieces: g.sum('quantity') })).asSingleton()
    all
      .derive({ share: [t.float64, (l, s) => l.quantity / s.total.pieces] }, { side: { total } })
      .write(parquet('out'))
  },
})
