/** A join to a small table, then a group-by of its columns. */
import type { Case } from '../case.ts'
import { products, revenue, sales } from './frames.ts'
import { csvFiles, SALES, toCsv } from './sql.ts'

const PRODUCTS = (path: string) =>
  `read_csv('${path}', header=true, columns={StockCode:'VARCHAR',Category:'VARCHAR',ListPrice:'DECIMAL(10,3)'})`

export default {
  title: 'join to products + group by category, country',
  products: true,
  tools: ['duckdb', 'millrace', 'polars'],
  duckdb: ({ input, products, output }) => [
    toCsv(
      `SELECT Category, Country, sum(Quantity * UnitPrice) AS revenue, sum(Quantity * ListPrice) AS list, count(*) AS lines FROM (${SALES(input)}) JOIN ${PRODUCTS(products)} USING (StockCode) GROUP BY 1, 2`,
      output,
    ),
  ],
  polars: (pl, places) =>
    sales(pl, places)
      .join(products(pl, places), { on: 'StockCode', how: 'inner' } as never)
      .withColumns(revenue(pl), pl.col('Quantity').mul(pl.col('ListPrice')).alias('list'))
      .groupBy(['Category', 'Country'])
      .agg(pl.col('revenue').sum(), pl.col('list').sum(), pl.col('Quantity').count().alias('lines'))
      .collectSync()
      .writeCSV(`${places.output}/answer.csv`),
  answers: output => ({
    groups: `SELECT Category, Country, revenue::DOUBLE, list::DOUBLE, lines::BIGINT FROM ${csvFiles(output)} ORDER BY 1, 2`,
  }),
} satisfies Case
