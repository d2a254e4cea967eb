/**
 * The cases: one question each, put to Millrace, DuckDB and Polars over the same files. A case's
 * answer is a small table of numbers or text, compared before anything is timed.
 */
export interface Case {
  readonly id: string
  readonly title: string
  /** DuckDB SQL; `{in}` is the glob of the files, `{out}` a folder of its own. Answers a small table. */
  readonly sql: readonly string[]
  /** Asked afterwards of what was written to `{out}`, for each tool alike; none where sql answers itself. */
  readonly check?: string
}

const READ = `read_csv('{in}', header=true, quote='"', escape='"', columns={InvoiceNo:'VARCHAR',StockCode:'VARCHAR',Description:'VARCHAR',Quantity:'INTEGER',InvoiceDate:'TIMESTAMP',UnitPrice:'DECIMAL(10,3)',CustomerID:'INTEGER',Country:'VARCHAR'})`
const CLEAN = `SELECT * FROM ${READ} WHERE CustomerID IS NOT NULL AND Quantity > 0 AND UnitPrice > 0`
const FILES = `read_parquet('{out}/**/*.parquet', union_by_name=true)`
const CHECKSUM = `SELECT count(*)::VARCHAR, sum(Quantity)::VARCHAR, sum(UnitPrice)::DECIMAL(38,3)::VARCHAR, sum(CustomerID)::VARCHAR, count(DISTINCT Description)::VARCHAR FROM ${FILES}`

export const cases: readonly Case[] = [
  {
    id: 'a',
    title: 'scan: filter + sum',
    sql: [
      `SELECT sum(Quantity * UnitPrice)::DECIMAL(38,3)::VARCHAR, count(*)::VARCHAR FROM (${CLEAN})`,
    ],
  },
  {
    id: 'b',
    title: 'filter + group by country, month',
    sql: [
      `SELECT Country, strftime(InvoiceDate, '%Y-%m'), sum(Quantity * UnitPrice)::DECIMAL(38,3)::VARCHAR, count(*)::VARCHAR FROM (${CLEAN}) GROUP BY 1, 2 ORDER BY 1, 2`,
    ],
  },
  {
    id: 'c',
    title: 'filter → all columns as zstd Parquet shards',
    sql: [`COPY (${CLEAN}) TO '{out}' (FORMAT parquet, COMPRESSION zstd, PER_THREAD_OUTPUT true)`],
    check: CHECKSUM,
  },
  {
    id: 'd',
    title: 'keep-latest by (InvoiceNo, StockCode) → Parquet',
    sql: [
      `COPY (SELECT unnest(arg_max(t, t.InvoiceDate)) FROM (${CLEAN}) AS t GROUP BY t.InvoiceNo, t.StockCode) TO '{out}' (FORMAT parquet, COMPRESSION zstd, PER_THREAD_OUTPUT true)`,
    ],
    check: `SELECT count(*)::VARCHAR, sum(epoch_ms(InvoiceDate::TIMESTAMP))::VARCHAR FROM ${FILES}`,
  },
]
