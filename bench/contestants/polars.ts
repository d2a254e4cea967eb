/** A case in Polars, in a process of its own: `case input output`. Threads by POLARS_MAX_THREADS. Prints the answer as JSON. */
import { mkdirSync } from 'node:fs'
import pl from 'nodejs-polars'

const [id, input, output] = process.argv.slice(2) as [string, string, string]
const lines = pl
  .scanCSV(input, { hasHeader: true, tryParseDates: false } as never)
  .withColumns(pl.col('InvoiceDate').str.strptime(pl.Datetime('ms'), '%Y-%m-%d %H:%M:%S'))
const clean = lines.filter(
  pl.col('CustomerID').isNotNull().and(pl.col('Quantity').gt(0)).and(pl.col('UnitPrice').gt(0)),
)
const revenue = pl.col('Quantity').mul(pl.col('UnitPrice'))

function answer(): unknown {
  if (id === 'a')
    return clean
      .select(revenue.sum().alias('revenue'), pl.col('Quantity').count().alias('lines'))
      .collectSync()
  if (id === 'b')
    return clean
      .groupBy([
        pl.col('Country'),
        pl.col('InvoiceDate').dt.strftime('%Y-%m').alias('month'),
      ] as never)
      .agg(revenue.sum().alias('revenue'), pl.col('Quantity').count().alias('lines'))
      .collectSync()
  mkdirSync(output, { recursive: true })
  const kept =
    id === 'c'
      ? clean
      : clean.sort(pl.col('InvoiceDate')).unique({
          subset: ['InvoiceNo', 'StockCode'],
          keep: 'last',
          maintainOrder: false,
        } as never)
  kept.sinkParquet(`${output}/part-0.parquet`, { compression: 'zstd' }).collectSync()
  return null
}

const result = answer() as { rows(): unknown[][] } | null
process.stdout.write(JSON.stringify(result ? result.rows() : []))
