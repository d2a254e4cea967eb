/** Case (d). */
import { param, pipeline } from 'millrace'
import { csv, parquet } from 'millrace/io'
import { Line, sales } from './line.ts'

export default pipeline({
  name: 'latest',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    sales(p.read(csv(input, Line)))
      .distinctBy(['InvoiceNo', 'StockCode'], { keep: 'last', by: 'InvoiceDate' })
      .write(parquet(output))
  },
})
