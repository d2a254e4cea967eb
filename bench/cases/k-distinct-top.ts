/** Exact distinct counts by group, and the first ten of each group. */
import { mkdirSync } from 'node:fs'
import type { Case, Places, Polars } from '../case.ts'
import { revenue, sales } from './frames.ts'
import { parquetFiles, SALES, toParquet } from './sql.ts'

function inPolars(pl: Polars, places: Places): void {
  const lines = sales(pl, places).withColumns(revenue(pl))
  const outputs = {
    counts: lines
      .groupBy('Country')
      .agg(
        pl.col('CustomerID').nUnique().alias('customers'),
        pl.col('InvoiceNo').nUnique().alias('orders'),
        pl.col('StockCode').nUnique().alias('products'),
      ),
    top: lines
      .groupBy(['Country', 'StockCode'])
      .agg(pl.col('revenue').sum())
      .withColumns(
        pl
          .col('revenue')
          .rank({ method: 'ordinal', descending: true })
          .over('Country')
          .alias('rank'),
      )
      .filter(pl.col('rank').ltEq(10)),
  }
  for (const [name, frame] of Object.entries(outputs)) {
    mkdirSync(`${places.output}/${name}`)
    frame
      .collectSync()
      .writeParquet(`${places.output}/${name}/part-0.parquet`, { compression: 'zstd' })
  }
}

export default {
  title: 'count distinct ×3 and top 10 products, by country',
  tools: ['duckdb', 'millrace', 'polars'],
  duckdb: ({ input, output }) => [
    `CREATE TEMP TABLE sales AS SELECT Country, CustomerID, InvoiceNo, StockCode, Quantity * UnitPrice AS revenue FROM (${SALES(input)})`,
    toParquet(
      'SELECT Country, count(DISTINCT CustomerID) AS customers, count(DISTINCT InvoiceNo) AS orders, count(DISTINCT StockCode) AS products FROM sales GROUP BY 1',
      `${output}/counts`,
    ),
    toParquet(
      'SELECT Country, row_number() OVER (PARTITION BY Country ORDER BY revenue DESC, StockCode) AS rank, StockCode, revenue FROM (SELECT Country, StockCode, sum(revenue)::DECIMAL(38,3) AS revenue FROM sales GROUP BY 1, 2) QUALIFY rank <= 10',
      `${output}/top`,
    ),
  ],
  polars: inPolars,
  // Products of equal revenue may change places.
  answers: output => ({
    counts: `SELECT Country, customers::BIGINT, orders::BIGINT, products::BIGINT FROM ${parquetFiles(`${output}/counts`)} ORDER BY 1`,
    top: `SELECT Country, rank::BIGINT, revenue::DOUBLE FROM ${parquetFiles(`${output}/top`)} ORDER BY 1, 2`,
  }),
} satisfies Case
