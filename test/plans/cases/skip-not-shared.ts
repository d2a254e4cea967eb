/** Rows that a second step reads are read: nothing is skipped. */
import { pipeline } from 'millrace'
import { parquet } from 'millrace/io'
import { stored } from '../tables/shop.ts'

export default pipeline({
  name: 'skip-not-shared',
  build(p) {
    const all = p.read(stored)
    all.where({ quantity: { lt: 0 } }).write(parquet('returns'))
    all.write(parquet('all'))
  },
})
