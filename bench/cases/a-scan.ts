/** How fast is a file walked: filter, then the sum of a product. */
import type { Case } from '../case.ts'
import { revenue, sales } from './frames.ts'
import { csvFiles, SALES, toCsv } from './sql.ts'

export default {
  title: 'scan: filter + sum',
  tools: ['duckdb', 'millrace', 'polars'],
  scales: true,
  duckdb: ({ input, output }) => [
    toCsv(
      `SELECT sum(Quantity * UnitPrice) AS revenue, count(*) AS lines FROM (${SALES(input)})`,
      output,
    ),
  ],
  polars: (pl, places) =>
    sales(pl, places)
      .select(revenue(pl).sum(), pl.col('Quantity').count().alias('lines'))
      .collectSync()
      .writeCSV(`${places.output}/answer.csv`),
  answers: output => ({
    totals: `SELECT revenue::DOUBLE, lines::BIGINT FROM ${csvFiles(output)}`,
  }),
} satisfies Case
