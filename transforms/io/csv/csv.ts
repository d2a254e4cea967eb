/** `csv`: with a schema a source, without one a sink. */
import type { AnySchema, Fields, Schema } from '../../../engine/data/schema.ts'
import { snakeCase } from '../../../engine/io/sink.ts'
import type { Source } from '../../../engine/io/source.ts'
import { driftOf } from '../files/drift.ts'
import { DriftingFiles } from '../files/drifting.ts'
import { folderValues } from '../files/folder-values.ts'
import { foldered } from '../files/foldered.ts'
import { type FileSinkChoices, fileSink, type TypedFileSink } from '../files/sink-options.ts'
import type { CsvSource } from './options.ts'
import { CsvFiles } from './source.ts'
import { type CsvSink, csvFormat } from './write.ts'

/**
 * Reads CSV and TSV files: a path, a folder or a glob; `.gz` and `.zst` are recognised by their bytes.
 *
 * Shape   files → PCollection<F>; rows that do not fit the schema go to `.rejects`; a column that a
 *         Hive folder of the path is named after (`month=2011-01-01/`) has that folder's value
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
/**
 * Writes CSV files into a folder: RFC 4180, a header in each file.
 *
 * Nulls   an unquoted empty field, or what `nulls` says; a text that looks like it is quoted
 * Throws  pipeline: options; data: a null in a file of one text column, where `nulls` names none
 * @example
 * sales.write(csv(`${output}/sales`, { delimiter: ';', compression: 'gzip' }))
 */
export function csv<const C extends string = never>(
  uri: string,
  options?: FileSinkChoices<C> & CsvSink,
): TypedFileSink<C>
export function csv<F extends Fields, C extends string>(
  uri: string,
  second?: Schema<F> | (FileSinkChoices<C> & CsvSink),
  options?: CsvSource<F>,
): Source<F> | TypedFileSink<C> {
  if (isSchema<F>(second)) return source(uri, second, options ?? {})
  return fileSink(uri, second ?? {}, csvFormat(second ?? {}))
}

function source<F extends Fields>(uri: string, schema: Schema<F>, o: CsvSource<F>): Source<F> {
  const { header } = o
  const names = new Map(schema.list.map(f => [snakeCase(f.name), f.name]))
  const columnOf = (folder: string): string => {
    if (header === 'snake_case') return names.get(snakeCase(folder)) ?? folder
    return header && Object.hasOwn(header, folder) ? (header[folder] as string) : folder
  }
  const part = (rest: AnySchema) => new CsvFiles(uri, rest, optionsFor(rest, o))
  const whole = new CsvFiles(uri, schema, o)
  const { incremental } = o
  const read = foldered({ uri, incremental, whole, part, columnOf })
  const choices = driftOf(o)
  if (choices === null) return read
  return new DriftingFiles({
    uri,
    choices,
    whole: read,
    part: rest => foldered({ uri, whole: part(rest), part, columnOf }),
    missing: async file => {
      const given = [...folderValues(file.path).keys()].map(columnOf)
      return (await whole.missingIn(file)).filter(name => !given.includes(name))
    },
  })
}

type Texts = { readonly [name: string]: string }

/** The options, as far as they are about columns of the schema. */
function optionsFor<F extends Fields>(schema: AnySchema, o: CsvSource<F>): CsvSource<Fields> {
  const has = (name: string): boolean => schema.list.some(f => f.name === name)
  const { header, formats = {}, ...rest } = o
  return {
    ...rest,
    formats: Object.fromEntries(Object.entries(formats as Texts).filter(([name]) => has(name))),
    ...(header === undefined
      ? {}
      : { header: typeof header === 'object' ? kept(header, has) : header }),
  }
}

const kept = (header: Texts, has: (column: string) => boolean) =>
  Object.fromEntries(Object.entries(header).filter(([, column]) => has(column)))

export const isSchema = <F extends Fields>(value: unknown): value is Schema<F> =>
  typeof value === 'object' && value !== null && 'list' in value && 'fields' in value
