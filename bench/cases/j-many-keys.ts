/** A group-by with almost half as many groups as rows: 1.9 M of 4 M. */
import type { Case } from '../case.ts'
import { revenue, sales } from './frames.ts'
import { parquetFiles, SALES, toParquet } from './sql.ts'

export default {
  title: 'group by invoice, quantity (1.9 M keys) → Parquet',
  tools: ['duckdb', 'millrace', 'polars'],
  duckdb: ({ input, output }) => [
    toParquet(
      `SELECT InvoiceNo, Quantity, sum(Quantity * UnitPrice)::DECIMAL(38,3) AS revenue, count(*) AS lines FROM (${SALES(input)}) GROUP BY 1, 2`,
      output,
    ),
  ],
  polars: (pl, places) => {
    sales(pl, places)
      .withColumns(revenue(pl))
      .groupBy(['InvoiceNo', 'Quantity'])
      .agg(pl.col('revenue').sum(), pl.col('Country').count().alias('lines'))
      .sinkParquet(`${places.output}/part-0.parquet`, { compression: 'zstd' })
      .collectSync()
  },
  answers: output => ({
    groups: `SELECT count(*), sum(hash(InvoiceNo, Quantity, round(revenue::DOUBLE, 3), lines::BIGINT)::HUGEINT) FROM ${parquetFiles(output)}`,
  }),
} satisfies Case
