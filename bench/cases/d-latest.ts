/** The latest row of each (InvoiceNo, StockCode), by almost as many keys as rows, as Parquet. */
import type { Case } from '../case.ts'
import { sales } from './frames.ts'
import { parquetFiles, SALES, toParquet } from './sql.ts'

export default {
  title: 'keep-latest by (InvoiceNo, StockCode) → Parquet',
  tools: ['duckdb', 'millrace', 'polars'],
  scales: true,
  duckdb: ({ input, output }) => [
    toParquet(
      `SELECT unnest(arg_max(t, t.InvoiceDate)) FROM (${SALES(input)}) AS t GROUP BY t.InvoiceNo, t.StockCode`,
      output,
    ),
  ],
  polars: (pl, places) => {
    sales(pl, places)
      .sort(pl.col('InvoiceDate'))
      .unique({
        subset: ['InvoiceNo', 'StockCode'],
        keep: 'last',
        maintainOrder: false,
      } as never)
      .sinkParquet(`${places.output}/part-0.parquet`, { compression: 'zstd' })
      .collectSync()
  },
  // Two corrections of one minute may differ in quantity alone, and either may be kept.
  answers: output => ({
    rows: `SELECT count(*), sum(hash(InvoiceNo, StockCode, InvoiceDate::TIMESTAMP)::HUGEINT) FROM ${parquetFiles(output)}`,
  }),
} satisfies Case
