/**
 * Drafts the columns of a delimited text file: every value is read as text and counted by what it
 * looks like. A kind is taken where nearly all values are of it, as real files hold a few bad ones;
 * digits with a leading zero are a code, such as a postal code, and stay text.
 */
import { Fault } from '../../engine/fault.ts'
import { type Asker, type Facts, identifier, text } from './asker.ts'
import { usualDelimiter } from '../../transforms/io/csv/delimiter.ts'
import type { Draft, DraftColumn } from './draft.ts'

/** Of the values; invoice numbers of which two in a hundred begin with a letter are text. */
const FITS = 0.995
const SCALE_MAX = 6
const DIGITS = 15

const TIME = String.raw`[T ]\d\d:\d\d(:\d\d([.,]\d{1,6})?)?( ?(Z|UTC|[+-]\d\d(:?\d\d)?))?`
const PATTERNS = {
  code: String.raw`[+-]?0\d+`,
  integer: String.raw`[+-]?\d+(\.0*)?`,
  decimal: String.raw`[+-]?(\d+\.?\d*|\.\d+)`,
  float: String.raw`[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?`,
  bool: '(?i:true|false|yes|no)',
  date: String.raw`\d{4}-\d\d-\d\d`,
  timestamp: String.raw`\d{4}-\d\d-\d\d(${TIME})?`,
  day: String.raw`\d{1,2}/\d{1,2}/\d{4}`,
  moment: String.raw`\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d`,
} as const
type Pattern = keyof typeof PATTERNS

export async function draftText(asker: Asker): Promise<Draft> {
  const { path, rowsMax } = asker
  const [sniffed] = await asker.ask(
    `SELECT Delimiter AS delimiter, HasHeader AS header, list_transform(Columns, c -> c.name) AS names FROM sniff_csv(${text(path)}, sample_size=${rowsMax})`,
  )
  const delimiter = String(sniffed?.['delimiter'] ?? ',')
  const header = sniffed?.['header'] === true
  const names = (sniffed?.['names'] ?? []) as string[]
  const from = (header: boolean) =>
    `FROM read_csv(${text(path)}, delim=${text(delimiter)}, quote='"', escape='"', header=${header}, all_varchar=true, null_padding=true, strict_mode=false, ignore_errors=true)`
  await asker.ask(`CREATE TEMP TABLE sample AS SELECT * ${from(header)} LIMIT ${rowsMax}`)
  // DuckDB gives names of its own to columns without one.
  const [own = {}] = header ? await asker.ask(`SELECT * ${from(false)} LIMIT 1`) : []
  const written = Object.values(own).map(name => String(name ?? ''))
  const [{ rows } = { rows: 0 }] = await asker.ask('SELECT count(*)::INTEGER AS rows FROM sample')
  if (rows === 0 && !header) throw new Fault('data', `${path} is empty`)
  const columns: DraftColumn[] = []
  for (const [i, name] of names.entries())
    columns.push({ ...(await draftColumn(asker, name)), column: written[i] ?? name })
  const usual = String.fromCharCode(usualDelimiter(path))
  return {
    format: 'csv',
    rows: Number(rows),
    columns,
    header,
    delimiter: delimiter === usual ? null : delimiter,
  }
}

async function draftColumn(asker: Asker, column: string): Promise<DraftColumn> {
  const like = (pattern: Pattern) => `regexp_full_match(v, ${text(PATTERNS[pattern])})`
  const counts = (Object.keys(PATTERNS) as Pattern[]).map(
    p => `(count(*) FILTER (${like(p)}))::INTEGER AS "${p}"`,
  )
  const part = (i: number) => `max(TRY_CAST(split_part(v, '/', ${i}) AS INTEGER))`
  const [facts = {}] = await asker.ask(
    `SELECT ${counts.join(', ')}, count(*)::INTEGER AS rows, count(v)::INTEGER AS "values", ` +
      `max(abs(TRY_CAST(v AS DOUBLE))) FILTER (${like('float')}) AS most, ` +
      `max(length(split_part(v, '.', 2))) FILTER (${like('decimal')})::INTEGER AS scale, ` +
      `${part(1)} FILTER (${like('day')} OR ${like('moment')}) AS first, ${part(2)} FILTER (${like('day')} OR ${like('moment')}) AS second ` +
      `FROM (SELECT nullif(trim(${identifier(column)}), '') AS v FROM sample)`,
  )
  const values = Number(facts['values'])
  const guess = guessOf(facts, values)
  return { column, nullable: values < Number(facts['rows']), ...guess }
}

function guessOf(facts: Facts, values: number): Pick<DraftColumn, 'kind' | 'unfit' | 'format'> {
  const count = (pattern: Pattern) => Number(facts[pattern] ?? 0)
  const fits = (pattern: Pattern) => values > 0 && count(pattern) >= values * FITS
  const as = (kind: string, pattern: Pattern) => ({ kind, unfit: values - count(pattern) })
  const most = Number(facts['most'] ?? 0)
  const scale = Number(facts['scale'] ?? 0)
  if (count('code') > 0) return { kind: 't.utf8', unfit: 0 }
  if (fits('bool')) return as('t.bool', 'bool')
  if (fits('integer') && most < 2 ** 53)
    return as(most < 2 ** 31 ? 't.int32' : 't.int64', 'integer')
  if (fits('decimal') && scale <= SCALE_MAX && most < 10 ** (DIGITS - scale))
    return as(`t.decimal(${DIGITS}, ${scale})`, 'decimal')
  if (fits('float')) return as('t.float64', 'float')
  if (fits('date')) return as('t.date', 'date')
  if (fits('timestamp')) return as('t.timestamp', 'timestamp')
  // 12/31/2024 tells that the month stands first; where nothing tells, the day does.
  const order = Number(facts['second'] ?? 0) > 12 ? 'M/d/yyyy' : 'd/M/yyyy'
  if (fits('day')) return { ...as('t.date', 'day'), format: order }
  if (fits('moment')) return { ...as('t.timestamp', 'moment'), format: `${order} H:mm` }
  return { kind: 't.utf8', unfit: 0 }
}
