/**
 * Which of a table's types is read into which kind. Rows are copied to Parquet, which holds most types as
 * they are; some are copied as their text. What could not be read without loss is refused, before any row is.
 */
import type { Kind } from '../../../engine/data/kind.ts'
import { elementOf, structOf } from '../../../engine/data/nested.ts'
import type { AnySchema, Field } from '../../../engine/data/schema.ts'
import { Fault, nearestName } from '../../../engine/fault.ts'
import { fold, name, text } from './names.ts'
import type { ColumnType, TableFacts } from './table-facts.ts'

export interface Binding {
  readonly field: Field
  /** The column, as conditions name it. */
  readonly column: string
  /** What is copied of it. */
  readonly sql: string
}

const SMALL = ['TINYINT', 'SMALLINT', 'INTEGER', 'UTINYINT', 'USMALLINT']
/** Digits that Parquet's integers may have, by DuckDB's. */
const DIGITS: ReadonlyMap<string, number> = new Map([
  ...[...SMALL, 'UINTEGER'].map(type => [type, 10] as const),
  ['BIGINT', 19],
  ['UBIGINT', 20],
])
const WHOLE = [...DIGITS.keys()]
const TAKES: Readonly<Partial<Record<Kind['tag'], readonly string[]>>> = {
  bool: ['BOOLEAN'],
  int32: SMALL,
  int64: WHOLE,
  bigint: WHOLE,
  float32: ['FLOAT'],
  float64: ['DOUBLE', 'FLOAT', ...SMALL, 'UINTEGER'],
  utf8: ['VARCHAR', 'JSON', 'ENUM'],
  bytes: ['BLOB'],
  date: ['DATE'],
  timestamp: ['TIMESTAMP WITH TIME ZONE'],
  datetime: ['TIMESTAMP'],
  json: ['JSON', 'VARCHAR'],
}
/** Types whose text is read, and coarser times: not within lists and structs. */
const AS_TEXT = ['UUID', 'TIME', 'TIME WITH TIME ZONE', 'INTERVAL', 'BIT']
const AS_MICROS = ['TIMESTAMP_S', 'TIMESTAMP_MS']

/** Throws data: a column is missing, or of a type that its kind cannot take; all of them are shown. */
export function bind(schema: AnySchema, { shown, columns }: TableFacts): Binding[] {
  const folded = new Map([...columns].map(([column, type]) => [fold(column), { column, type }]))
  const wrong: string[] = []
  const bindings = schema.list.flatMap(field => {
    const found = folded.get(fold(field.name))
    const sql = found === undefined ? null : copied(field.kind, found.column, found.type)
    if (found !== undefined && sql !== null) return [{ field, column: name(found.column), sql }]
    const near = found === undefined ? nearestName(field.name, columns.keys()) : undefined
    const has = found?.type.shown ?? `no such column${near ? ` (but ${near})` : ''}`
    wrong.push(`${field.name}: expected ${field.kind.name}, the table has ${has}`)
    return []
  })
  if (wrong.length === 0) return bindings
  const have = [...columns].map(([column, type]) => `${column} ${type.shown}`)
  throw new Fault('data', `table ${shown} has other columns than the schema`, {
    detail: [...wrong, `have  ${have.join(', ')}`],
    hint: 'declare the kinds that the table has, or read a view that converts them',
  })
}

function copied(kind: Kind, column: string, type: ColumnType): string | null {
  const it = name(column)
  if (kind.tag === 'utf8' && AS_TEXT.includes(type.tag)) return `CAST(${it} AS VARCHAR)`
  if (kind.tag === 'datetime' && AS_MICROS.includes(type.tag)) return `CAST(${it} AS TIMESTAMP)`
  if (kind.tag === 'list' && type.tag === 'ARRAY') return listed(kind, it, type)
  if (!takes(kind, type)) return null
  if (kind.tag !== 'date') return it
  // A day without end is a number of days like others to Parquet.
  const why = text(`column ${JSON.stringify(column)} has an infinite date, which no date here is`)
  return `CASE WHEN NOT isfinite(${it}) THEN error(${why}) ELSE ${it} END`
}

/** Of arrays that are null DuckDB writes what is no Parquet: they are copied as lists. */
function listed(kind: Kind, it: string, { element }: ColumnType): string | null {
  if (element === null || !takes(elementOf(kind), element)) return null
  return `CAST(${it} AS ${element.shown}[])`
}

/** Whether Parquet, as DuckDB writes it, has the type's values in a form that the kind is read from. */
function takes(kind: Kind, type: ColumnType): boolean {
  const { tag, digits, element, fields } = type
  if (kind.tag === 'list')
    return tag === 'LIST' && element !== null && takes(elementOf(kind), element)
  if (kind.tag === 'struct') {
    if (fields === null) return false
    const { list } = structOf(kind)
    return list.some(f => fields.has(f.name)) && list.every(f => takesField(f, fields.get(f.name)))
  }
  if (kind.tag !== 'decimal') return TAKES[kind.tag]?.includes(tag) ?? false
  const { precision = DIGITS.get(tag) ?? 0, scale = 0 } = digits ?? {}
  const shift = kind.scale - scale
  return precision > 0 && shift >= 0 && precision + shift <= kind.precision
}

const takesField = ({ kind }: Field, type: ColumnType | undefined): boolean =>
  type === undefined ? kind.optional : takes(kind, type)
