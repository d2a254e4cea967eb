/** `csv`: with a schema a source, without one a sink. */
import type { Fields, Schema } from '../../../engine/data/schema.ts'
import type { Source } from '../../../engine/io/source.ts'
import { type FileSinkChoices, fileSink, type TypedFileSink } from '../files/sink-options.ts'
import type { CsvSource } from './options.ts'
import { CsvFiles } from './source.ts'
import { csvFormat } from './write.ts'

/**
 * Reads CSV and TSV files: a path, a folder or a glob; `.gz` and `.zst` are recognised by their bytes.
 *
 * Shape   files → PCollection<F>; rows that do not fit the schema go to `.rejects`
 * Nulls   an empty field is null where the column may be; `nulls` names other texts, such as 'NA'
 * Time    timestamps without a zone are UTC unless `timeZone` says otherwise
 * Cost    bytes are walked once; only columns that are read become values
 * Throws  pipeline: options; data: nothing matches, a header is wrong, a compressed file is damaged
 * Source  RFC 4180, and what real files do
 * @example
 * p.read(csv('data/*.csv.gz', Line, { header: 'snake_case' }))
 */
export function csv<F extends Fields>(
  uri: string,
  schema: Schema<F>,
  options?: CsvSource<F>,
): Source<F>
/** Writes CSV files into a folder: RFC 4180, a header in each file. */
export function csv<const C extends string = never>(
  uri: string,
  options?: FileSinkChoices<C>,
): TypedFileSink<C>
export function csv<F extends Fields, C extends string>(
  uri: string,
  second?: Schema<F> | FileSinkChoices<C>,
  options?: CsvSource<F>,
): Source<F> | TypedFileSink<C> {
  if (isSchema<F>(second)) return new CsvFiles(uri, second, options ?? {})
  return fileSink(uri, second ?? {}, csvFormat)
}

export const isSchema = <F extends Fields>(value: unknown): value is Schema<F> =>
  typeof value === 'object' && value !== null && 'list' in value && 'fields' in value
