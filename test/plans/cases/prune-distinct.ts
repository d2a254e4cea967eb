/** distinct compares all columns; those that nobody reads are left out behind it. */
import { pipeline } from 'millrace'
import { parquet } from 'millrace/io'
import { lines } from '../tables/shop.ts'

export default pipeline({
  name: 'prune-distinct',
  build(p) {
    p.read(lines).distinct().sortBy('at').select('invoice', 'at').write(parquet('out'))
  },
})
