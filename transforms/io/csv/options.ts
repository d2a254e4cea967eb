/** What a CSV source may be told, checked when the pipeline is built. */
import type { AnySchema, Fields } from '../../../engine/data/schema.ts'
import { fieldOf } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { INFLATE_RATIO_MAX } from '../files/byte-stream.ts'
import { parseBytes } from '../files/bytes.ts'
import type { Clock } from '../files/decode/index.ts'
import type { FileChoices } from '../files/drift.ts'
import type { IncrementalFiles } from '../files/incremental.ts'
import { type Delimiter, delimiterOf } from './delimiter.ts'
import { wrong } from './wrong.ts'
import { parserOf } from '../files/decode/calendar.ts'
import { zoneClock } from '../files/decode/zone.ts'

export interface CsvSource<F extends Fields> extends FileChoices {
  /**
   * Names in the files' header → columns, for columns that are named differently there; 'snake_case':
   * compare names in snake case (`Invoice No`, `invoice_no` → invoiceNo); false: there is no header,
   * fields come in the schema's order. Default: columns are found by their own names.
   */
  readonly header?: { readonly [name: string]: keyof F & string } | 'snake_case' | false
  /**
   * One to eight ASCII characters. Default: a comma; a tab in files named .tsv or .tab, a pipe in
   * .psv. Of more than one character reading is slower.
   */
  readonly delimiter?: string
  /** Unquoted texts that mean null in nullable columns. Default: [''] */
  readonly nulls?: readonly string[]
  /** How dates are written, by column: `d/M/yyyy H:mm`. Default: ISO 8601. */
  readonly formats?: { readonly [K in keyof F]?: string }
  /** Default: utf8. latin1 is read as Windows-1252, as browsers do. */
  readonly encoding?: 'utf8' | 'latin1'
  /** The zone of timestamps that name none. Default: UTC. */
  readonly timeZone?: string
  /** Columns of a file that the schema lacks. Default: 'ignore', with a note in the run's summary. */
  readonly extra?: 'ignore' | 'fail'
  /** A longer record is refused. Default: '16MB'; at most '256MB'. */
  readonly recordBytesMax?: string
  /** A file whose header has more columns is refused. Default: 100,000. */
  readonly columnsMax?: number
  /** A compressed file that grows to more times its size, once it is past 256 MB, is refused. Default: 500. */
  readonly inflateRatioMax?: number
  /** Only files that were changed since the last run that was published. */
  readonly incremental?: IncrementalFiles
}

const COLUMNS_MAX = 100_000

/** The options with their defaults filled in. */
export interface CsvDialect extends Delimiter {
  readonly header: ReadonlyMap<string, string> | 'snake_case' | false
  readonly nulls: readonly string[]
  readonly latin1: boolean
  readonly extra: 'ignore' | 'fail'
  readonly recordBytesMax: number
  readonly columnsMax: number
  readonly inflateRatioMax: number
  /** By position in the schema. */
  readonly clocks: readonly Clock[]
}

/** Throws pipeline: an option names a column that does not exist, or has an impossible value. */
export function dialectOf<F extends Fields>(schema: AnySchema, o: CsvSource<F>): CsvDialect {
  const { nulls = [''], encoding = 'utf8', extra = 'ignore' } = o
  if (encoding !== 'utf8' && encoding !== 'latin1')
    throw wrong('encoding', encoding, "'utf8' or 'latin1'")
  if (extra !== 'ignore' && extra !== 'fail') throw wrong('extra', extra, "'ignore' or 'fail'")
  if (!Array.isArray(nulls) || nulls.some(n => typeof n !== 'string'))
    throw wrong('nulls', nulls, "a list of texts, such as ['', 'NA']")
  return {
    header: headerOf(schema, o.header),
    ...delimiterOf(o.delimiter),
    nulls,
    latin1: encoding === 'latin1',
    extra,
    recordBytesMax: Math.min(parseBytes(o.recordBytesMax ?? '16MB'), 256 * 2 ** 20),
    columnsMax: countOf('columnsMax', o.columnsMax ?? COLUMNS_MAX),
    inflateRatioMax: countOf('inflateRatioMax', o.inflateRatioMax ?? INFLATE_RATIO_MAX),
    clocks: clocksOf(schema, o),
  }
}

/** Throws pipeline: no whole number from `least`. */
export function countOf(option: string, count: number, least = 1): number {
  if (Number.isInteger(count) && count >= least) return count
  throw wrong(option, count, `a whole number from ${least}`)
}

function headerOf(schema: AnySchema, header: unknown): CsvDialect['header'] {
  if (header === undefined) return new Map()
  if (header === false || header === 'snake_case') return header
  if (typeof header !== 'object' || header === null)
    throw wrong('header', header, "false, 'snake_case' or { name: column }")
  const map = new Map(Object.entries(header as { [name: string]: string }))
  const seen = new Set<string>()
  for (const column of map.values()) {
    fieldOf(schema, column)
    if (seen.has(column))
      throw new Fault('pipeline', `option header gives column ${JSON.stringify(column)} twice`)
    seen.add(column)
  }
  return map
}

/** How each column's times are written; others do not care. */
export function clocksOf(
  schema: AnySchema,
  o: {
    readonly formats?: { readonly [column: string]: string | undefined }
    readonly timeZone?: string
  },
): Clock[] {
  const formats = new Map(Object.entries(o.formats ?? {}))
  for (const name of formats.keys()) {
    const { tag } = fieldOf(schema, name).kind
    if (!['date', 'timestamp', 'datetime'].includes(tag))
      throw new Fault(
        'pipeline',
        `option formats: column ${JSON.stringify(name)} is ${tag}, not a date or time`,
      )
  }
  const toUtc = o.timeZone === undefined ? null : zoneClock(o.timeZone)
  return schema.list.map(({ name }) => {
    const format = formats.get(name)
    return { parse: format === undefined ? null : parserOf(format), toUtc }
  })
}

export { wrong } from './wrong.ts'
