/**
 * The whole retail pipeline to Parquet: exact duplicates removed, sales by month, sorted by customer;
 * revenue by country and month, by day; each month's top products. All four outputs are compared.
 */
import { mkdirSync } from 'node:fs'
import type { Case, Places, Polars } from '../case.ts'
import { month, revenue, sales } from './frames.ts'
import { parquetFiles, SALES, toParquet } from './sql.ts'

const TOTALS =
  'sum(revenue)::DECIMAL(38,3) AS revenue, count(DISTINCT InvoiceNo) AS orders, count(*) AS lines'
const TOP =
  'SELECT month, row_number() OVER (PARTITION BY month ORDER BY revenue DESC, StockCode) AS rank, StockCode, revenue, quantity FROM (SELECT month, StockCode, sum(revenue)::DECIMAL(38,3) AS revenue, sum(Quantity)::BIGINT AS quantity FROM sales GROUP BY 1, 2) QUALIFY rank <= 20'

function inPolars(pl: Polars, places: Places): void {
  const clean = sales(pl, places)
    .unique()
    .withColumns(month(pl), revenue(pl), pl.col('InvoiceDate').cast(pl.Date).alias('day'))
    .sort(pl.col('CustomerID'))
    .collectSync()
  for (const part of clean.drop('day').partitionBy(['month'], true, true)) {
    const [first] = part.getColumn('month').head(1).toArray() as unknown as [Date]
    const folder = `${places.output}/sales/month=${first.toISOString().slice(0, 10)}`
    mkdirSync(folder, { recursive: true })
    part.drop('month').writeParquet(`${folder}/part-0.parquet`, { compression: 'zstd' })
  }
  const totals = (keys: string[]) =>
    clean
      .lazy()
      .groupBy(keys)
      .agg(
        pl.col('revenue').sum(),
        pl.col('InvoiceNo').nUnique().alias('orders'),
        pl.col('Quantity').count().alias('lines'),
      )
  const top = clean
    .lazy()
    .groupBy(['month', 'StockCode'])
    .agg(pl.col('revenue').sum(), pl.col('Quantity').sum().alias('quantity'))
    .withColumns(
      pl.col('revenue').rank({ method: 'ordinal', descending: true }).over('month').alias('rank'),
    )
    .filter(pl.col('rank').ltEq(20))
  const outputs = {
    revenue_by_country_month: totals(['Country', 'month']),
    revenue_by_day: totals(['day']),
    top_products: top,
  }
  for (const [name, frame] of Object.entries(outputs)) {
    mkdirSync(`${places.output}/${name}`)
    frame
      .collectSync()
      .writeParquet(`${places.output}/${name}/part-0.parquet`, { compression: 'zstd' })
  }
}

/** Ranks of equal revenue may be dealt otherwise: their products are not compared, nor the last rank's. */
const SOLE = 'count(*) OVER (PARTITION BY month, round(revenue::DOUBLE, 2)) = 1 AND rank < 20'

export default {
  title: 'the whole retail pipeline → Parquet',
  tools: ['duckdb', 'millrace', 'polars'],
  duckdb: ({ input, output }) => [
    `CREATE TEMP TABLE sales AS SELECT *, (Quantity * UnitPrice)::DECIMAL(14,3) AS revenue, date_trunc('month', InvoiceDate)::DATE AS month FROM (SELECT DISTINCT * FROM (${SALES(input)}))`,
    `COPY (SELECT * FROM sales ORDER BY CustomerID) TO '${output}/sales' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (month))`,
    toParquet(
      `SELECT Country, month, ${TOTALS} FROM sales GROUP BY 1, 2`,
      `${output}/revenue_by_country_month`,
    ),
    toParquet(
      `SELECT InvoiceDate::DATE AS day, ${TOTALS} FROM sales GROUP BY 1`,
      `${output}/revenue_by_day`,
    ),
    toParquet(TOP, `${output}/top_products`),
  ],
  polars: inPolars,
  answers: output => {
    const files = (name: string) => parquetFiles(`${output}/${name}`)
    const sold = files('sales').replace(')', ', hive_partitioning=true)')
    return {
      sales: `SELECT count(*), count(DISTINCT month), sum(hash(InvoiceNo, StockCode, Description, Quantity, InvoiceDate::TIMESTAMP, round(UnitPrice::DOUBLE, 3), CustomerID, Country, round(revenue::DOUBLE, 3), month::DATE)::HUGEINT) FROM ${sold}`,
      revenue_by_country_month: `SELECT Country, month::DATE::VARCHAR, revenue::DOUBLE, orders::BIGINT, lines::BIGINT FROM ${files('revenue_by_country_month')} ORDER BY 1, 2`,
      revenue_by_day: `SELECT day::DATE::VARCHAR, revenue::DOUBLE, orders::BIGINT, lines::BIGINT FROM ${files('revenue_by_day')} ORDER BY 1`,
      top_products: `SELECT month::DATE::VARCHAR, rank::BIGINT, revenue::DOUBLE, CASE WHEN ${SOLE} THEN StockCode END, CASE WHEN ${SOLE} THEN quantity::BIGINT END FROM ${files('top_products')} ORDER BY 1, 2`,
    }
  },
} satisfies Case
