/**
 * `millrace infer FILE`: drafts a TypeScript schema from a file, to be read and corrected by a person.
 * The guessing is DuckDB's sniffer over the first rows; nothing is guessed when a pipeline runs.
 */
import { Fault } from '../engine/fault.ts'
import { readArguments, UsageError } from './arguments.ts'

const ROWS = 20_000
// Apart, so that what scans the built package for imports does not take this for one.
const IMPORT = ['import { schema, t } from', "'millrace'"].join(' ')

interface Draft {
  readonly column: string
  readonly name: string
  readonly kind: string
  readonly nulls: number
}

export async function infer(argv: readonly string[]): Promise<number> {
  const { positional, options } = readArguments(argv, { rows: 'count' })
  const [file] = positional
  if (file === undefined || positional.length > 1) throw new UsageError('infer takes one file')
  const rows = (options.get('rows') as number | undefined) ?? ROWS
  process.stdout.write(render(file, await draft(file, rows), rows))
  return 0
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`
const ident = (text: string): string => `"${text.replaceAll('"', '""')}"`

async function draft(file: string, rows: number): Promise<Draft[]> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const ask = async (sql: string) => {
    try {
      return (await connection.runAndReadAll(sql)).getRowObjectsJS() as Record<string, unknown>[]
    } catch (error) {
      throw new Fault(
        'data',
        `${file} cannot be understood: ${(error as Error).message.split('\n')[0]}`,
      )
    }
  }
  const text = /\.(csv|tsv|txt)(\.gz|\.zst)?$/i.test(file)
  const reader = text
    ? `read_csv(${quote(file)}, sample_size=${rows}, null_padding=true)`
    : quote(file)
  const described = await ask(`DESCRIBE SELECT * FROM ${reader}`)
  const drafts: Draft[] = []
  for (const { column_name: column, column_type: type } of described as {
    column_name: string
    column_type: string
  }[]) {
    const source = `(SELECT ${ident(column)} AS v FROM ${reader} LIMIT ${rows})`
    const [facts] = await ask(
      `SELECT count(*) - count(v) AS nulls, max(length(split_part(v::VARCHAR, '.', 2))) AS scale, max(abs(TRY_CAST(v AS DOUBLE))) AS most, count(*) FILTER (WHERE TRY_CAST(v AS DOUBLE) <> trunc(TRY_CAST(v AS DOUBLE))) AS fractions FROM ${source}`,
    )
    const shape = {
      scale: Number(facts?.['scale'] ?? 0),
      most: Number(facts?.['most'] ?? 0),
      whole: Number(facts?.['fractions'] ?? 0) === 0,
    }
    drafts.push({
      column,
      name: camel(column),
      kind: kindOf(type, shape, text),
      nulls: Number(facts?.['nulls'] ?? 0),
    })
  }
  connection.closeSync()
  return drafts
}

function kindOf(
  type: string,
  shape: { scale: number; most: number; whole: boolean },
  text: boolean,
): string {
  const number = type === 'DOUBLE' || type === 'BIGINT'
  if (text && number && shape.whole && shape.most < 2 ** 53)
    return shape.most < 2 ** 31 ? 't.int32' : 't.int64'
  if (type === 'DOUBLE' && text && shape.scale <= 6) return `t.decimal(15, ${shape.scale})`
  if (type.startsWith('DECIMAL')) return `t.${type.toLowerCase().replace(',', ', ')}`
  const kinds: Readonly<Record<string, string>> = {
    BOOLEAN: 'bool',
    TINYINT: 'int32',
    SMALLINT: 'int32',
    INTEGER: 'int32',
    BIGINT: text ? 'int64' : 'bigint',
    FLOAT: 'float32',
    DOUBLE: 'float64',
    DATE: 'date',
    TIMESTAMP: 'timestamp',
    'TIMESTAMP WITH TIME ZONE': 'timestamp',
    BLOB: 'bytes',
  }
  return `t.${kinds[type] ?? 'utf8'}`
}

/** `Invoice No` and `invoice_no` become `invoiceNo`. */
function camel(column: string): string {
  const words = column
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .filter(w => w !== '')
  return (
    words
      .map((w, i) =>
        i === 0 ? w.toLowerCase() : (w[0] ?? '').toUpperCase() + w.slice(1).toLowerCase(),
      )
      .join('') || 'column'
  )
}

const key = (name: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(name) && name !== '__proto__' ? name : JSON.stringify(name)

function render(file: string, drafts: readonly Draft[], rows: number): string {
  const lines = drafts.map(d => `  ${key(d.name)}: ${d.kind}${d.nulls > 0 ? '.nullable' : ''},`)
  const renamed = drafts.filter(d => d.name !== d.column)
  const header = renamed.map(d => `  ${key(d.column)}: ${JSON.stringify(d.name)},`)
  return [
    `// Drafted from the first ${rows} rows of ${JSON.stringify(file)}. Check kinds and nullability: rows that do not fit are rejected.`,
    IMPORT,
    '',
    `export const Row = schema({\n${lines.join('\n')}\n})`,
    ...(header.length > 0 ? ['', `export const header = {\n${header.join('\n')}\n} as const`] : []),
    '',
  ].join('\n')
}
