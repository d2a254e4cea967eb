/** Drafts the columns of a file whose values have types: Parquet says them, JSON shows them. */
import { type Asker, identifier, text } from './asker.ts'
import type { Draft, DraftColumn } from './draft.ts'

const KINDS: Readonly<Record<string, string>> = {
  BOOLEAN: 'bool',
  TINYINT: 'int32',
  SMALLINT: 'int32',
  INTEGER: 'int32',
  UTINYINT: 'int32',
  USMALLINT: 'int32',
  UINTEGER: 'int64',
  BIGINT: 'bigint',
  FLOAT: 'float32',
  DOUBLE: 'float64',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamp',
  BLOB: 'bytes',
}

export async function draftTyped(asker: Asker, format: 'ndjson' | 'parquet'): Promise<Draft> {
  const { path, rowsMax } = asker
  const reader =
    format === 'parquet'
      ? `read_parquet(${text(path)}, hive_partitioning=false)`
      : `read_json(${text(path)}, sample_size=${rowsMax})`
  await asker.ask(`CREATE TEMP TABLE sample AS SELECT * FROM ${reader} LIMIT ${rowsMax}`)
  const [{ rows } = { rows: 0 }] = await asker.ask('SELECT count(*)::INTEGER AS rows FROM sample')
  const columns: DraftColumn[] = []
  for (const { column_name: name, column_type: type } of await asker.ask('DESCRIBE sample')) {
    const v = identifier(String(name))
    const json = format === 'ndjson'
    const number = json && (type === 'BIGINT' || type === 'DOUBLE')
    const [facts = {}] = await asker.ask(
      `SELECT (count(*) - count(${v}))::INTEGER AS nulls, ${number ? `max(abs(${v}))::DOUBLE` : '0'} AS most FROM sample`,
    )
    columns.push({
      column: String(name),
      kind: json && type === 'BIGINT' ? integer(Number(facts['most'])) : kindOf(String(type)),
      nullable: Number(facts['nulls']) > 0,
      unfit: 0,
    })
  }
  return { format, rows: Number(rows), columns, header: true, delimiter: null }
}

const integer = (most: number): string =>
  most < 2 ** 31 ? 't.int32' : most < 2 ** 53 ? 't.int64' : 't.bigint'

function kindOf(type: string): string {
  if (type.startsWith('DECIMAL')) return `t.${type.toLowerCase().replace(',', ', ')}`
  return `t.${KINDS[type] ?? 'utf8'}`
}
