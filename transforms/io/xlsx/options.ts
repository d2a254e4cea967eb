/** What an xlsx source may be told, checked when the pipeline is built. */
import type { AnySchema, Fields } from '../../../engine/data/schema.ts'
import { type CsvDialect, countOf, dialectOf, wrong } from '../csv/options.ts'
import { INFLATE_RATIO_MAX } from '../files/byte-stream.ts'
import type { FileChoices } from '../files/drift.ts'
import { parseBytes } from '../files/bytes.ts'

export interface XlsxSource<F extends Fields> extends Pick<FileChoices, 'onFile'> {
  /** Name of the sheet; '*' for all that are not hidden, one after the other. Default: the first that is not hidden. */
  readonly sheet?: string
  /**
   * Names in the header row → columns, for columns that are named differently there; 'snake_case':
   * compare names in snake case; false: there is no header, cells come in the schema's order from A on.
   * Default: columns are found by their own names.
   */
  readonly header?: { readonly [name: string]: keyof F & string } | 'snake_case' | false
  /** Number of the row that has the names, from 1. Default: the first row that is not blank. */
  readonly headerRow?: number
  /** Texts that mean null in nullable columns, beside an empty cell. Default: none. */
  readonly nulls?: readonly string[]
  /** How dates that are written as text look, by column. Default: ISO 8601. */
  readonly formats?: { readonly [K in keyof F]?: string }
  /** The zone of times: a workbook names none. Default: UTC. */
  readonly timeZone?: string
  /** Columns of a sheet that the schema lacks. Default: 'ignore', with a note in the run's summary. */
  readonly extra?: 'ignore' | 'fail'
  /** A workbook whose texts take more is refused: they are held in memory. Default: '128MB'; at most '1GB'. */
  readonly textBytesMax?: string
  /** A part that grows to more times its size, where it is past 256 MB, is refused. Default: 500. */
  readonly inflateRatioMax?: number
}

export interface XlsxChoices {
  readonly sheet: string | null
  readonly headerRow: number | null
  readonly textBytesMax: number
  readonly inflateRatioMax: number
  /** The rows are handed on as text: this is how it is read. */
  readonly dialect: CsvDialect
}

/** Between two cells of a row, where no text of a workbook has it: XML has no such character. */
export const SEPARATOR = 0x1f

/** Throws pipeline: an option names a column that does not exist, or has an impossible value. */
export function choicesOf<F extends Fields>(schema: AnySchema, o: XlsxSource<F>): XlsxChoices {
  const { sheet = null, headerRow } = o
  if (sheet !== null && (typeof sheet !== 'string' || sheet === ''))
    throw wrong('sheet', sheet, "a sheet's name, or '*'")
  const { header, nulls = [], formats, timeZone, extra } = o
  const dialect = dialectOf(schema, {
    delimiter: String.fromCharCode(SEPARATOR),
    nulls: ['', ...nulls],
    ...(header !== undefined && { header }),
    ...(formats !== undefined && { formats }),
    ...(timeZone !== undefined && { timeZone }),
    ...(extra !== undefined && { extra }),
  })
  return {
    sheet,
    headerRow: headerRow === undefined ? null : countOf('headerRow', headerRow),
    textBytesMax: Math.min(parseBytes(o.textBytesMax ?? '128MB'), 2 ** 30),
    inflateRatioMax: countOf('inflateRatioMax', o.inflateRatioMax ?? INFLATE_RATIO_MAX),
    dialect,
  }
}
