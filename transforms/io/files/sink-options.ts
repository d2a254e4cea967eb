/** The options that all file sinks share, as users give them, checked and with their defaults. */
import { Fault, nearestName } from '../../../engine/fault.ts'
import type { FileSink, FileSinkOptions } from '../../../engine/io/sink.ts'
import type { OutputPlace, PlaceRequest } from '../../../engine/io/output-place.ts'
import { wrong } from '../csv/options.ts'
import { folderOf } from '../objects/output-folder.ts'
import { isObjectUri } from '../objects/uri.ts'
import { parseBytes } from './bytes.ts'
import type { Compression } from './compression.ts'
import { SUFFIX } from './lines-fragment.ts'
import { pathOf } from './list.ts'

export interface FileSinkChoices<C extends string> {
  /** Columns whose values become Hive folders; they are left out of the files. */
  readonly partitionBy?: readonly C[]
  /** Columns that the rows of each file are sorted by. */
  readonly sortBy?: readonly C[]
  /** Most rows of a file. Default: no limit. */
  readonly rowsPerFile?: number
  /** Size to aim at. Default '256MB'. */
  readonly bytesPerFile?: string
  /** How columns are named in the files. Default 'asIs'. */
  readonly names?: 'snake_case' | 'asIs'
  /** Replace an output that exists. Default false. */
  readonly overwrite?: boolean
}

/** What `write` takes: the columns that the options name must be in the collection. */
export interface TypedFileSink<out C extends string> extends Omit<FileSink, 'columns'> {
  readonly columns: readonly C[]
}

/** How a text sink's files are packed. */
export interface Packed {
  /** Default 'none'; files are named .gz or .zst. */
  readonly compression?: Compression
}

/** The compression chosen. Throws pipeline: there is no such. */
export function compressionOf({ compression = 'none' }: Packed): Compression {
  if (!Object.hasOwn(SUFFIX, compression))
    throw wrong('compression', compression, "'none', 'gzip' or 'zstd'")
  return compression
}

const CHOICES = ['partitionBy', 'sortBy', 'rowsPerFile', 'bytesPerFile', 'names', 'overwrite']

export interface SinkFormat extends Pick<FileSink, 'format' | 'extension' | 'open' | 'assemble'> {
  /** Options that are the format's own, with their values. */
  readonly own?: { readonly [option: string]: unknown }
}

/** A sink of a format. Throws pipeline: an option that does not exist or has an impossible value. */
export function fileSink<C extends string>(
  uri: string,
  choices: FileSinkChoices<C>,
  { own = {}, ...format }: SinkFormat,
): TypedFileSink<C> {
  const options = optionsOf(choices, Object.keys(own))
  const remote = isObjectUri(uri)
  const shown = remote ? folderOf(uri) : pathOf(uri)
  const { extension } = format
  return {
    sink: 'files',
    ...format,
    uri: shown,
    ...(remote && { place: request => outputIn({ uri: shown, extension }, request) }),
    columns: [...new Set([...options.partitionBy, ...options.sortBy])] as C[],
    options,
    fingerprint: JSON.stringify([format.format, shown, options, own]),
  }
}

/** Loaded where there is one. */
async function outputIn(
  sink: { readonly uri: string; readonly extension: string },
  request: PlaceRequest,
): Promise<OutputPlace> {
  const [{ ObjectOutput }, { storeOf }] = await Promise.all([
    import('../objects/output.ts'),
    import('../objects/store-of.ts'),
  ])
  return new ObjectOutput(sink, await storeOf(sink.uri), request)
}

function optionsOf(choices: FileSinkChoices<string>, own: readonly string[]): FileSinkOptions {
  const have = [...CHOICES, ...own]
  for (const name of Object.keys(choices))
    if (!have.includes(name)) {
      const near = nearestName(name, have)
      throw new Fault('pipeline', `option ${JSON.stringify(name)} does not exist`, {
        detail: [`have  ${have.join(' ')}`],
        ...(near === undefined ? {} : { hint: `did you mean ${JSON.stringify(near)}?` }),
      })
    }
  const { rowsPerFile = null, names = 'asIs', overwrite = false } = choices
  if (rowsPerFile !== null && !(Number.isInteger(rowsPerFile) && rowsPerFile > 0))
    throw new Fault('pipeline', `rowsPerFile ${rowsPerFile} is not a number of rows`)
  if (names !== 'asIs' && names !== 'snake_case')
    throw new Fault('pipeline', `names ${JSON.stringify(names)} does not exist`, {
      detail: ['have  snake_case asIs'],
    })
  return {
    partitionBy: choices.partitionBy ?? [],
    sortBy: choices.sortBy ?? [],
    rowsPerFile,
    bytesPerFile: parseBytes(choices.bytesPerFile ?? '256MB'),
    names,
    overwrite,
  }
}
