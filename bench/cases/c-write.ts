/** What pipelines do most: filter, and write all columns as zstd Parquet. */
import type { Case } from '../case.ts'
import { sales } from './frames.ts'
import { parquetFiles, SALES, toParquet } from './sql.ts'

export default {
  title: 'filter → all columns as zstd Parquet shards',
  tools: ['duckdb', 'millrace', 'polars'],
  scales: true,
  duckdb: ({ input, output }) => [toParquet(SALES(input), output)],
  polars: (pl, places) => {
    sales(pl, places)
      .sinkParquet(`${places.output}/part-0.parquet`, { compression: 'zstd' })
      .collectSync()
  },
  // The hash of a row does not depend on where it stands.
  answers: output => ({
    rows: `SELECT count(*), sum(hash(InvoiceNo, StockCode, Description, Quantity, InvoiceDate::TIMESTAMP, round(UnitPrice::DOUBLE, 3), CustomerID, Country)::HUGEINT) FROM ${parquetFiles(output)}`,
  }),
} satisfies Case
