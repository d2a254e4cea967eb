/** Phrases that the cases' DuckDB sides share. */
export const COLUMNS =
  "{InvoiceNo:'VARCHAR',StockCode:'VARCHAR',Description:'VARCHAR',Quantity:'INTEGER',InvoiceDate:'TIMESTAMP',UnitPrice:'DECIMAL(10,3)',CustomerID:'INTEGER',Country:'VARCHAR'}"

/** The lines of a glob of CSV files; kinds are told, so that nothing is sniffed that could be wrong. */
export const LINES = (input: string): string =>
  `read_csv('${input}', header=true, delim=',', quote='"', escape='"', columns=${COLUMNS})`

export const IS_SALE = 'CustomerID IS NOT NULL AND Quantity > 0 AND UnitPrice > 0'
export const SALES = (input: string): string => `SELECT * FROM ${LINES(input)} WHERE ${IS_SALE}`

export const toCsv = (query: string, output: string): string =>
  `COPY (${query}) TO '${output}/answer.csv' (FORMAT csv, HEADER)`
/** Shards, a file or more a thread. */
export const toParquet = (query: string, output: string): string =>
  `COPY (${query}) TO '${output}' (FORMAT parquet, COMPRESSION zstd, PER_THREAD_OUTPUT true)`

export const csvFiles = (output: string): string =>
  `read_csv('${output}/**/*.csv', header=true, all_varchar=true)`
export const parquetFiles = (output: string): string =>
  `read_parquet('${output}/**/*.parquet', union_by_name=true)`
