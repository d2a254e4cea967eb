/** Case (a). */
import { param, pipeline, t } from 'millrace'
import { csv } from 'millrace/io'
import { Line, sales } from './line.ts'

export default pipeline({
  name: 'scan',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    sales(p.read(csv(input, Line)))
      .derive({ revenue: [t.decimal(14, 3), r => r.Quantity * r.UnitPrice] })
      .aggregate(g => ({ revenue: g.sum('revenue'), lines: g.count() }))
      .write(csv(output))
  },
})
