/** Why each join is as it is: hinted, full, of unknown size. */
import { pipeline } from 'millrace'
import { parquet } from 'millrace/io'
import { lines, products, Rate, rates } from '../tables/shop.ts'

export default pipeline({
  name: 'join-choice',
  build(p) {
    const all = p.read(lines)
    const named = p.read(products)
    all
      .join(named, { on: 'product', hint: 'broadcast' })
      .select('name', 'at')
      .write(parquet('hinted'))
    all.fullJoin(p.create(Rate, rates), { on: 'country' }).select('rate').write(parquet('full'))
    all.leftJoin(named, { on: 'product' }).select('name', 'at').write(parquet('left'))
  },
})
