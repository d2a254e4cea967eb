/** `parquet`: with a schema a source, without one a sink. */
import type { AnySchema, Fields, Schema } from '../../../engine/data/schema.ts'
import type { Source } from '../../../engine/io/source.ts'
import { isSchema } from '../csv/csv.ts'
import { driftOf } from '../files/drift.ts'
import { DriftingFiles } from '../files/drifting.ts'
import { folderValues } from '../files/folder-values.ts'
import { foldered } from '../files/foldered.ts'
import { type FileSinkChoices, fileSink, type TypedFileSink } from '../files/sink-options.ts'
import { isObjectUri } from '../objects/uri.ts'
import { assemble } from './assemble.ts'
import { parquetFragment } from './fragment.ts'
import { ParquetObjects } from './objects.ts'
import { ParquetFiles, type ParquetSource } from './source.ts'

/**
 * Reads Parquet files; columns are found by name.
 *
 * Shape   files → PCollection<F>; rows with a null or value that the schema has no place for go to
 *         `.rejects`; columns of Hive folders (`month=2011-01-01/`) come from the path
 * Nulls   as in the file
 * Cost    row groups are split over workers; only columns that are read are decoded
 * Throws  data: a column is missing, or its type could not be read without loss
 * @example
 * p.read(parquet('lines/*.parquet', Line))
 */
export function parquet<F extends Fields>(
  uri: string,
  schema: Schema<F>,
  options?: ParquetSource<F>,
): Source<F>
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
  options?: FileSinkChoices<C>,
): TypedFileSink<C>
export function parquet<F extends Fields, C extends string>(
  uri: string,
  second?: Schema<F> | FileSinkChoices<C>,
  options?: ParquetSource<F>,
): Source<F> | TypedFileSink<C> {
  if (isSchema<F>(second)) {
    const { header = {} } = options ?? {}
    const whole = source(uri, new ParquetFiles(uri, second, options ?? {}))
    const part = (rest: AnySchema) =>
      source(uri, new ParquetFiles(uri, rest, { header: headerFor(rest, header) }))
    const columnOf = (folder: string): string =>
      (Object.hasOwn(header, folder) ? header[folder] : null) ?? folder
    const incremental = options?.incremental
    const read = foldered({ uri, incremental, whole, part, columnOf })
    const choices = driftOf(options ?? {})
    if (choices === null) return read
    return new DriftingFiles({
      uri,
      choices,
      incremental,
      whole: read,
      part: rest => foldered({ uri, whole: part(rest), part, columnOf }),
      missing: async file => {
        const given = [...folderValues(file.path).keys()].map(columnOf)
        return (await whole.missingIn(file)).filter(name => !given.includes(name))
      },
    })
  }
  return fileSink(uri, second ?? {}, {
    format: 'parquet',
    extension: '.parquet',
    open: (path, schema, bytesMax) =>
      parquetFragment(path, schema, bytesMax === undefined ? {} : { bytesMax }),
    assemble,
  })
}

const source = <F extends Fields>(
  uri: string,
  files: ParquetFiles<F>,
): ParquetFiles<F> | ParquetObjects<F> =>
  isObjectUri(uri) ? new ParquetObjects(uri, files) : files

const headerFor = ({ list }: AnySchema, header: { readonly [name: string]: string }) =>
  Object.fromEntries(
    Object.entries(header).filter(([, column]) => list.some(f => f.name === column)),
  )
