/** A refused row is told whole: a step with a dead letter keeps all columns. */
import { pipeline, t } from 'millrace'
import { ndjson, parquet } from 'millrace/io'
import { lines, products } from '../tables/shop.ts'

export default pipeline({
  name: 'prune-dead-letter',
  build(p) {
    const weighed = p
      .read(lines)
      .join(p.read(products), { on: 'product' })
      .derive({ weighed: [t.float64, r => r.quantity * r.weight] }, { onError: 'deadLetter' })
    weighed.rejects.write(ndjson('bad'))
    weighed
      .groupBy('name')
      .aggregate(g => ({ weight: g.sum('weighed') }))
      .write(parquet('out'))
  },
})
