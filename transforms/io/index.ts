/** `millrace/io`: files and warehouses, as sources and sinks. */
export { csv } from './csv/csv.ts'
export type { CsvSource } from './csv/options.ts'
export type { FileSinkChoices } from './files/sink-options.ts'
export { ndjson } from './ndjson/ndjson.ts'
export type { NdjsonSource } from './ndjson/source.ts'
export { parquet } from './parquet/index.ts'
export { audits, table, type TableSinkOptions, type TableSourceOptions } from './table/index.ts'
export type { Audit } from '../../engine/io/warehouse.ts'
