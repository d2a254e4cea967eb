/** What the steps after a read test is told to the source, under its own names, up to the first function. */
import { pipeline } from 'millrace'
import { parquet } from 'millrace/io'
import { stored } from '../tables/shop.ts'

export default pipeline({
  name: 'skip-rows',
  build(p) {
    p.read(stored)
      .dropNulls('customer')
      .select('customer', 'at', 'quantity')
      .rename({ customer: 'who' })
      .where({ at: { gte: Date.UTC(2011, 0, 1) } }, { reason: 'old' })
      .where({ who: { gt: 100 } }, { reason: 'staff' })
      .filter(l => l.quantity > 0, { reason: 'cancelled' })
      .where({ quantity: { lt: 1000 } }, { reason: 'bulk' })
      .write(parquet('out'))
  },
})
