/** Two reads of one source are one; what follows keeps its own counts. */
import { flatten, pipeline } from 'millrace'
import { parquet } from 'millrace/io'
import { lines } from '../tables/shop.ts'

export default pipeline({
  name: 'shared-reads',
  build(p) {
    const early = p.read(lines).where({ at: { lt: Date.UTC(2011, 0, 1) } })
    const large = p.read(lines).where({ quantity: { gte: 100 } })
    flatten(early, large).write(parquet('out'))
  },
})
