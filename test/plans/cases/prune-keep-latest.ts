/** The keys, the order and what is read beyond: nothing else is needed to keep the latest. */
import { pipeline } from 'millrace'
import { parquet } from 'millrace/io'
import { lines } from '../tables/shop.ts'

export default pipeline({
  name: 'prune-keep-latest',
  build(p) {
    p.read(lines)
      .distinctBy(['invoice', 'product'], { keep: 'last', by: 'at' })
      .groupBy('country')
      .aggregate(g => ({ pieces: g.sum('quantity') }))
      .write(parquet('out'))
  },
})
