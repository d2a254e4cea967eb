/** Case (e). */
import { param, pipeline, schema, t } from 'millrace'
import { csv } from 'millrace/io'
import { Line, sales } from './line.ts'

const Product = schema({ StockCode: t.utf8, Category: t.utf8, ListPrice: t.decimal(10, 3) })

export default pipeline({
  name: 'join',
  params: { input: param.uri(), output: param.uri(), products: param.uri() },
  build(p, { input, output, products }) {
    sales(p.read(csv(input, Line)))
      .join(p.read(csv(products, Product)), { on: 'StockCode' })
      .derive({
        revenue: [t.decimal(14, 3), r => r.Quantity * r.UnitPrice],
        list: [t.decimal(14, 3), r => r.Quantity * r.ListPrice],
      })
      .groupBy('Category', 'Country')
      .aggregate(g => ({ revenue: g.sum('revenue'), list: g.sum('list'), lines: g.count() }))
      .write(csv(output))
  },
})
