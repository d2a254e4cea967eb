/** Reads some columns of some rows, told by a condition that sources can judge beforehand. */
import { param, pipeline } from 'millrace'
import { parquet, table } from 'millrace/io'
import { Narrow } from './rows.ts'

const SOME = { id: { gte: 5000, lt: 40_000 } }

export default pipeline({
  name: 'matrix-part',
  params: { kind: param.text(), input: param.uri(), output: param.uri() },
  build(p, { kind, input, output }) {
    const sources = {
      parquet: () => parquet(input, Narrow),
      table: () => table(input, 'orders', Narrow, { where: SOME }),
    }
    const orders = p.read(sources[kind as keyof typeof sources]()).where(SOME)
    orders.write(parquet(`${output}/orders`))
  },
})
