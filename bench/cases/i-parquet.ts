/** Parquet in, one month of thirteen (the files are in the order of dates, so most row groups can be passed over), a group-by. */
import type { Case } from '../case.ts'
import { revenue } from './frames.ts'
import { csvFiles, toCsv } from './sql.ts'

export const FROM = '2011-05-01'
export const TO = '2011-06-01'

export default {
  title: 'Parquet → one month → group by country, product',
  input: 'parquet',
  tools: ['duckdb', 'millrace', 'polars'],
  duckdb: ({ input, output }) => [
    toCsv(
      `SELECT Country, StockCode, sum(Quantity * UnitPrice) AS revenue, count(*) AS lines FROM read_parquet('${input}') WHERE InvoiceDate >= TIMESTAMP '${FROM}' AND InvoiceDate < TIMESTAMP '${TO}' AND Quantity > 0 GROUP BY 1, 2`,
      output,
    ),
  ],
  polars: (pl, { input, output }) => {
    const day = (text: string) => pl.lit(new Date(`${text}T00:00:00Z`))
    pl.scanParquet(input)
      .filter(
        pl
          .col('InvoiceDate')
          .gtEq(day(FROM))
          .and(pl.col('InvoiceDate').lt(day(TO)))
          .and(pl.col('Quantity').gt(0)),
      )
      .withColumns(pl.col('UnitPrice').cast(pl.Float64))
      .withColumns(revenue(pl))
      .groupBy(['Country', 'StockCode'])
      .agg(pl.col('revenue').sum(), pl.col('Quantity').count().alias('lines'))
      .collectSync()
      .writeCSV(`${output}/answer.csv`)
  },
  answers: output => ({
    groups: `SELECT Country, StockCode, revenue::DOUBLE, lines::BIGINT FROM ${csvFiles(output)} ORDER BY 1, 2`,
  }),
} satisfies Case
