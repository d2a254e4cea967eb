/** A file's header: its names, and which field goes to which column. Names are untrusted input. */
import type { AnySchema } from '../../../engine/data/schema.ts'
import { Fault, nearestName } from '../../../engine/fault.ts'
import { snakeCase } from '../../../engine/io/sink.ts'
import { LF } from '../files/walk.ts'
import { goesOn, likelyDelimiter } from './delimiter.ts'
import type { CsvDialect } from './options.ts'

export interface Header {
  /** Field of a record → column; what no column wants → the number of columns. */
  readonly slots: Int32Array
  /** Names that no column wants, as the file has them. */
  readonly extra: readonly string[]
  /** Where the first record starts, and the line breaks before it. */
  readonly end: number
  readonly lines: number
}

export const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * The names in the first record of `bytes`; null where it has no end yet. Blank lines before it are
 * passed over. Of more than `columnsMax` names one more is answered, and no end.
 */
export function namesOf(
  bytes: Buffer,
  o: {
    delimiter: number
    rest: Uint8Array
    final: boolean
    latin1: boolean
    columnsMax: number
  },
): { names: string[]; end: number; lines: number } | null {
  const fields: string[] = []
  let start = bytes.subarray(0, 3).equals(BOM) ? 3 : 0
  let lines = 0
  while (bytes[start] === LF || (bytes[start] === 13 && bytes[start + 1] === LF)) {
    start += bytes[start] === LF ? 1 : 2
    lines++
  }
  let quoted = false
  let from = start
  for (let i = start; ; i++) {
    const c = bytes[i]
    if (c === undefined && !o.final) return null
    if (c === LF) lines++
    if (c === 34 && (quoted || i === from)) {
      if (quoted && bytes[i + 1] === undefined && !o.final) return null
      if (quoted && bytes[i + 1] === 34) i++
      else quoted = !quoted
    } else if (c === undefined || (!quoted && (c === LF || c === o.delimiter))) {
      if (c === o.delimiter && !goesOn(bytes, i + 1, o.rest)) continue
      fields.push(nameOf(bytes.subarray(from, i), o.latin1))
      if (c === o.delimiter) i += o.rest.length
      from = i + 1
      if (c !== o.delimiter || fields.length > o.columnsMax)
        return { names: fields, end: Math.min(i + 1, bytes.length), lines }
    }
  }
}

const windows1252 = new TextDecoder('windows-1252')

function nameOf(bytes: Buffer, latin1: boolean): string {
  const text = (latin1 ? windows1252.decode(bytes) : bytes.toString('utf8')).replace(/\r$/, '')
  return /^".*"$/s.test(text) ? text.slice(1, -1).replaceAll('""', '"') : text
}

/**
 * Finds each column's field. Order does not matter. `missing`: takes the columns that are not there, which
 * are a fault without it.
 *
 * Throws  data: a column is missing or there twice; the file has others and `extra` is 'fail'
 */
export function slotsOf(
  names: readonly string[],
  o: { schema: AnySchema; dialect: CsvDialect; uri: string; missing?: string[] },
): Pick<Header, 'slots' | 'extra'> {
  const { schema, dialect, uri } = o
  const { list } = schema
  const wanted = new Map(list.map(({ name }, k) => [headerName(name, dialect), k]))
  const slots = new Int32Array(names.length).fill(list.length)
  const found = new Set<number>()
  const extra: string[] = []
  names.forEach((name, field) => {
    const bare = name.replace(/^[ \t]+|[ \t]+$/g, '')
    const k =
      dialect.header === 'snake_case'
        ? wanted.get(snakeCase(bare))
        : (wanted.get(name) ?? wanted.get(bare))
    if (k === undefined) {
      extra.push(name)
      return
    }
    if (found.has(k)) throw fault(`column ${quoted(name)} is twice in the header of ${uri}`, names)
    found.add(k)
    slots[field] = k
  })
  const missing = [...wanted].filter(([, k]) => !found.has(k))
  if (o.missing) o.missing.push(...missing.map(([, k]) => (list[k] as (typeof list)[number]).name))
  else if (missing.length > 0)
    throw absent(
      missing.map(([name]) => name),
      { names, extra, uri },
    )
  if (extra.length > 0 && dialect.extra === 'fail')
    throw fault(
      `the header of ${uri} has columns that the schema lacks: ${extra.slice(0, 5).map(quoted).join(', ')}`,
      names,
    )
  return { slots, extra }
}

/** How a column is called in the files. */
function headerName(column: string, { header }: CsvDialect): string {
  if (header === 'snake_case') return snakeCase(column)
  if (header !== false) for (const [name, to] of header) if (to === column) return name
  return column
}

function absent(
  missing: readonly string[],
  o: { names: readonly string[]; extra: readonly string[]; uri: string },
): Fault {
  const [first = ''] = missing
  const near = nearestName(first, o.extra)
  const likely = o.names.length === 1 ? likelyDelimiter(o.names[0] ?? '', missing) : null
  const more = missing.length > 1 ? ` (and ${missing.length - 1} more)` : ''
  const hint =
    likely !== null
      ? `the file seems to be delimited by ${quoted(likely)}: give option delimiter`
      : near === undefined
        ? "name it in option header, { 'name in the file': 'column' }; without a header line: header: false"
        : `it has ${quoted(near)}: name it in option header`
  return fault(`column ${quoted(first)}${more} is not in the header of ${o.uri}`, o.names, hint)
}

function fault(message: string, names: readonly string[], hint?: string): Fault {
  const have = names.slice(0, 40).map(n => (/^[\w.-]+$/.test(n) ? n : quoted(n)))
  return new Fault('data', message, {
    detail: [`have  ${have.join(' ')}${names.length > 40 ? ' …' : ''}`],
    ...(hint === undefined ? {} : { hint }),
  })
}

const quoted = (text: string): string => {
  const json = JSON.stringify(text)
  return json.length > 80 ? `${json.slice(0, 77)}…"` : json
}
