/** Filter, then a small group-by: country and month. */
import type { Case } from '../case.ts'
import { month, revenue, sales } from './frames.ts'
import { csvFiles, SALES, toCsv } from './sql.ts'

export default {
  title: 'filter + group by country, month',
  tools: ['duckdb', 'millrace', 'polars'],
  scales: true,
  duckdb: ({ input, output }) => [
    toCsv(
      `SELECT Country, date_trunc('month', InvoiceDate)::DATE AS month, sum(Quantity * UnitPrice) AS revenue, count(*) AS lines FROM (${SALES(input)}) GROUP BY 1, 2`,
      output,
    ),
  ],
  polars: (pl, places) =>
    sales(pl, places)
      .withColumns(month(pl), revenue(pl))
      .groupBy(['Country', 'month'])
      .agg(pl.col('revenue').sum(), pl.col('Quantity').count().alias('lines'))
      .collectSync()
      .writeCSV(`${places.output}/answer.csv`),
  answers: output => ({
    groups: `SELECT Country, month, revenue::DOUBLE, lines::BIGINT FROM ${csvFiles(output)} ORDER BY 1, 2`,
  }),
} satisfies Case
