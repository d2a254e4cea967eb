/** Case (f). */
import { param, pipeline } from 'millrace'
import { csv } from 'millrace/io'
import { STEPS } from './lambdas.ts'
import { Line } from './line.ts'

export default pipeline({
  name: 'lambdas',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    STEPS.all(p.read(csv(input, Line)))
      .select('InvoiceNo', 'StockCode', 'net', 'slug', 'shelf', 'segment', 'weekday')
      .write(csv(output))
  },
})
