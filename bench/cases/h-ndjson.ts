/** NDJSON in, a small group-by, Parquet out. */
import type { Case, Polars } from '../case.ts'
import { isSale, month, parsed, revenue } from './frames.ts'
import { COLUMNS, IS_SALE, parquetFiles, toParquet } from './sql.ts'

const LINES = (input: string) =>
  `read_json('${input}', format='newline_delimited', columns=${COLUMNS})`

const lines = (pl: Polars, input: string) => parsed(pl, pl.scanJson(input))

export default {
  title: 'NDJSON → filter + group by country, month → Parquet',
  input: 'ndjson',
  tools: ['duckdb', 'millrace', 'polars'],
  duckdb: ({ input, output }) => [
    toParquet(
      `SELECT Country, date_trunc('month', InvoiceDate)::DATE AS month, sum(Quantity * UnitPrice)::DECIMAL(38,3) AS revenue, count(*) AS lines FROM ${LINES(input)} WHERE ${IS_SALE} GROUP BY 1, 2`,
      output,
    ),
  ],
  polars: (pl, { input, output }) => {
    lines(pl, input)
      .filter(isSale(pl))
      .withColumns(month(pl), revenue(pl))
      .groupBy(['Country', 'month'])
      .agg(pl.col('revenue').sum(), pl.col('Quantity').count().alias('lines'))
      .collectSync()
      .writeParquet(`${output}/part-0.parquet`, { compression: 'zstd' })
  },
  answers: output => ({
    groups: `SELECT Country, month::DATE::VARCHAR, revenue::DOUBLE, lines::BIGINT FROM ${parquetFiles(output)} ORDER BY 1, 2`,
  }),
} satisfies Case
