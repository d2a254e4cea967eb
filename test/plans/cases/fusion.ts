/** Row-wise steps between two exchanges are one loop; a select costs nothing. */
import { pipeline, t } from 'millrace'
import { parquet } from 'millrace/io'
import { lines } from '../tables/shop.ts'

export default pipeline({
  name: 'fusion',
  build(p) {
    p.read(lines)
      .dropNulls('customer')
      .filter(l => l.quantity > 0, { reason: 'cancelled' })
      .derive({ revenue: [t.decimal(14, 3), l => l.quantity * l.price] })
      .where({ revenue: { gt: 0 } })
      .select('invoice', 'revenue')
      .rename({ revenue: 'amount' })
      .write(parquet('out'))
  },
})
