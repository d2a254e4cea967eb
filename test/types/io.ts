/** Stands in for `millrace/io` in these checks where the connectors are not there. Declarations only. */
import type { Fields, Schema, Sink, Source } from 'millrace'

type Names = 'snake_case' | 'asIs'
interface FileSink<C extends string> {
  partitionBy?: readonly C[]
  sortBy?: readonly C[]
  rowsPerFile?: number
  bytesPerFile?: string
  names?: Names
  overwrite?: boolean
}
interface CsvSource<F> {
  header?: { readonly [name: string]: keyof F & string } | 'snake_case' | false
  delimiter?: string
  nulls?: readonly string[]
  formats?: { readonly [K in keyof F]?: string }
}
type Mode<C extends string> =
  | { mode: 'replace' | 'append' | 'replacePartition' }
  | { mode: 'merge'; key: readonly C[]; latest: C; deleted?: C }
type TableSink<C extends string> = Mode<C> & {
  partition?: { by: C; unit: 'hour' | 'day' | 'month' }
  cluster?: readonly C[]
  names?: Names
}
export declare function csv<F extends Fields>(
  uri: string,
  s: Schema<F>,
  o?: CsvSource<F>,
): Source<F>
export declare function csv<const C extends string = never>(uri: string, o?: FileSink<C>): Sink<C>
export declare function ndjson<F extends Fields>(uri: string, s: Schema<F>): Source<F>
export declare function ndjson<const C extends string = never>(
  uri: string,
  o?: FileSink<C>,
): Sink<C>
export declare function parquet<F extends Fields>(uri: string, s: Schema<F>): Source<F>
export declare function parquet<const C extends string = never>(
  uri: string,
  o?: FileSink<C>,
): Sink<C>
export declare function table<F extends Fields>(
  warehouse: string,
  name: string,
  s: Schema<F>,
): Source<F>
export declare function table<const C extends string = never>(
  warehouse: string,
  name: string,
  o: TableSink<C>,
): Sink<C>
