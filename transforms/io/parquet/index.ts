/** `parquet`: sharded Parquet files as a sink. */
import { type FileSinkChoices, fileSink, type TypedFileSink } from '../files/sink-options.ts'
import { assemble } from './assemble.ts'
import { parquetFragment } from './fragment.ts'

/**
 * Parquet files in a folder: zstd, dictionaries, statistics.
 *
 * Shape   PCollection<F> → files part-00000.parquet …, under Hive folders where partitionBy is given
 * Cost    encoded from dictionary codes as rows come
 * @example
 * sales.write(parquet(`${output}/sales`, { partitionBy: ['month'] }))
 */
export function parquet<const C extends string = never>(
  uri: string,
  options: FileSinkChoices<C> = {},
): TypedFileSink<C> {
  return fileSink(uri, options, {
    format: 'parquet',
    extension: '.parquet',
    open: (path, schema) => parquetFragment(path, schema),
    assemble: async (fragments, path, schema) => assemble(fragments, path, schema),
  })
}
