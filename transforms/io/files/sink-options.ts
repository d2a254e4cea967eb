/** The options that all file sinks share, as users give them, checked and with their defaults. */
import { Fault, redactUri } from '../../../engine/fault.ts'
import type { FileSink, FileSinkOptions } from '../../../engine/io/sink.ts'
import { parseBytes } from './bytes.ts'

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

const CHOICES = ['partitionBy', 'sortBy', 'rowsPerFile', 'bytesPerFile', 'names', 'overwrite']

/** A sink of a format. Throws pipeline: an option that does not exist or has an impossible value. */
export function fileSink<C extends string>(
  uri: string,
  choices: FileSinkChoices<C>,
  format: Pick<FileSink, 'format' | 'extension' | 'open' | 'assemble'>,
): TypedFileSink<C> {
  const options = optionsOf(choices)
  const shown = redactUri(uri)
  return {
    sink: 'files',
    ...format,
    uri: shown,
    columns: [...new Set([...options.partitionBy, ...options.sortBy])] as C[],
    options,
    fingerprint: JSON.stringify([format.format, shown, options]),
  }
}

function optionsOf(choices: FileSinkChoices<string>): FileSinkOptions {
  for (const name of Object.keys(choices))
    if (!CHOICES.includes(name))
      throw new Fault('pipeline', `option ${JSON.stringify(name)} does not exist`, {
        detail: [`have  ${CHOICES.join(' ')}`],
      })
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
