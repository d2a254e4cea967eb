/** `ndjson`: with a schema a source, without one a sink. */
import type { AnySchema, Fields, Schema } from '../../../engine/data/schema.ts'
import type { Source } from '../../../engine/io/source.ts'
import { isSchema } from '../csv/csv.ts'
import { driftOf } from '../files/drift.ts'
import { DriftingFiles } from '../files/drifting.ts'
import { foldered } from '../files/foldered.ts'
import {
  type FileSinkChoices,
  fileSink,
  type Packed,
  type TypedFileSink,
} from '../files/sink-options.ts'
import { NdjsonFiles, type NdjsonSource } from './source.ts'
import { ndjsonFormat } from './write.ts'

/**
 * Reads files of one JSON object a line, or of one JSON array of objects.
 *
 * Shape   files → PCollection<F>; objects that do not fit the schema go to `.rejects`; columns of Hive
 *         folders (`month=2011-01-01/`) come from the path
 * Nulls   a missing key is null
 * Cost    bytes are walked once; decimals keep all their digits
 * @example
 * p.read(ndjson('events/*.ndjson.gz', Event))
 */
export function ndjson<F extends Fields>(
  uri: string,
  schema: Schema<F>,
  options?: NdjsonSource<F>,
): Source<F>
/** Writes one JSON object a line, into files in a folder. */
export function ndjson<const C extends string = never>(
  uri: string,
  options?: FileSinkChoices<C> & Packed,
): TypedFileSink<C>
export function ndjson<F extends Fields, C extends string>(
  uri: string,
  second?: Schema<F> | (FileSinkChoices<C> & Packed),
  options?: NdjsonSource<F>,
): Source<F> | TypedFileSink<C> {
  if (isSchema<F>(second)) {
    const o = options ?? {}
    const read = foldered({
      uri,
      incremental: o.incremental,
      whole: new NdjsonFiles(uri, second, o),
      part: rest => new NdjsonFiles(uri, rest, { ...o, formats: formatsFor(rest, o) }),
      columnOf: folder => folder,
    })
    const choices = driftOf(o)
    // A key that a row lacks is null, or a reject: no file lacks columns.
    return choices === null
      ? read
      : new DriftingFiles({ uri, choices, incremental: o.incremental, whole: read })
  }
  return fileSink(uri, second ?? {}, ndjsonFormat(second ?? {}))
}

function formatsFor<F extends Fields>(
  { list }: AnySchema,
  { formats = {} }: NdjsonSource<F>,
): { [column: string]: string } {
  const ours = Object.entries(formats as { [column: string]: string })
  return Object.fromEntries(ours.filter(([name]) => list.some(f => f.name === name)))
}
