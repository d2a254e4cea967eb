/**
 * Which of a table's types is read into which kind, and how: what is selected, which loop decodes it,
 * and which of its values would not fit, as SQL. What could not be read without loss is refused.
 */
import type { Kind } from '../../../engine/data/kind.ts'
import { isWide } from '../../../engine/data/kind.ts'
import { elementOf, structOf } from '../../../engine/data/nested.ts'
import type { AnySchema, Field } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { TableColumn, TableFacts } from './catalog.ts'
import * as decode from './decode.ts'
import { fromJson, json } from './json-fields.ts'
import { list } from './lists.ts'
import { ident, literal } from './names.ts'

export interface Binding {
  readonly field: Field
  readonly column: TableColumn
  /** The SQL expression that is read, and compared with where a condition is pushed. */
  readonly sql: string
  readonly decode: decode.Decode
  /** A condition of rows whose value does not fit; null where all do. */
  readonly flaw: string | null
}

const OID = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  json: 114,
  float4: 700,
  float8: 701,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  timetz: 1266,
  numeric: 1700,
  jsonb: 3802,
} as const
const INTEGERS: readonly number[] = [OID.int2, OID.int4, OID.int8]
const BITS = new Map<number, number>([
  [OID.int2, 16],
  [OID.int4, 32],
  [OID.int8, 64],
])
/** Their bytes are their text. */
const TEXTS: readonly number[] = [OID.text, OID.varchar, OID.bpchar]
/** Of what Postgres writes as text in one way only: strings, enums, addresses, what users define (uuid, json …). */
const TEXTUAL = new Set(['S', 'E', 'I', 'U', 'Z'])
const CLOCKS: readonly number[] = [OID.time, OID.timetz, OID.interval]

type Made = Pick<Binding, 'decode'> & {
  readonly sql?: string
  readonly flaw?: string | null
  /** What is read is the value's text. */
  readonly asText?: boolean
}

/** Throws data: a column is missing, or of a type that its kind cannot take; all of them are shown. */
export function bind(schema: AnySchema, facts: TableFacts): Binding[] {
  const columns = new Map(facts.columns.map(c => [c.name, c]))
  const wrong: string[] = []
  const bindings = schema.list.flatMap(field => {
    const column = columns.get(field.name)
    const made = column === undefined ? null : madeOf(field.kind, column, facts)
    if (column === undefined || made === null) {
      const has = column === undefined ? 'no such column' : column.type
      wrong.push(`${field.name}: expected ${field.kind.name}, the table has ${has}`)
      return []
    }
    const sql = made.sql ?? ident(field.name)
    const flaws = [made.flaw ?? null, nullFlaw(field.kind, column)].filter(f => f !== null)
    return [{ field, column, sql, decode: made.decode, flaw: anyOf(flaws) }]
  })
  if (wrong.length === 0) return bindings
  throw new Fault('data', `table ${facts.shown} has other columns than the schema`, {
    detail: [...wrong, `have  ${facts.columns.map(c => `${c.name} ${c.type}`).join(', ')}`],
    hint: 'declare the kinds that the table has, or read a view that converts them',
  })
}

const anyOf = (flaws: readonly string[]): string | null =>
  flaws.length === 0 ? null : flaws.map(f => `(${f})`).join(' OR ')

const nullFlaw = (kind: Kind, column: TableColumn): string | null =>
  kind.optional || column.notNull ? null : `${ident(column.name)} IS NULL`

function madeOf(kind: Kind, column: TableColumn, facts: TableFacts): Made | null {
  const { oid } = column
  const { utf8 } = facts
  const name = ident(column.name)
  switch (kind.tag) {
    case 'bool':
      return oid === OID.bool ? { decode: decode.bool } : null
    case 'float64':
      if (oid === OID.float8) return { decode: decode.float8 }
      if (oid === OID.float4) return { decode: decode.float4 }
      return oid === OID.int2 || oid === OID.int4
        ? { decode: decode.integer(-(2 ** 31), 2 ** 31) }
        : null
    case 'float32':
      return oid === OID.float4 ? { decode: decode.float4 } : null
    case 'bigint':
      return INTEGERS.includes(oid) ? { decode: decode.bigint } : null
    case 'bytes':
      return oid === OID.bytea ? { decode: decode.bytes } : null
    case 'date':
      return oid === OID.date ? { decode: decode.date, flaw: `NOT isfinite(${name})` } : null
    case 'timestamp':
    case 'datetime': {
      const own = kind.tag === 'timestamp' ? OID.timestamptz : OID.timestamp
      return oid === own ? { decode: decode.timestamp, flaw: farTimes(name) } : null
    }
    case 'utf8':
      return textOf(kind, column, utf8)
    case 'json': {
      const sql = jsonText(column)
      if (sql === null) return null
      const flaw = kind.optional ? null : `${sql} IS NULL`
      return { decode: json({ checked: !utf8 }), sql, flaw: utf8 ? flaw : 'true', asText: true }
    }
    case 'list':
      return listOf(kind, column, facts) ?? partsOf(kind, column, facts)
    case 'struct':
      return partsOf(kind, column, facts)
    default:
      return numberOf(kind, column)
  }
}

/** An array of one dimension, whose elements are read as a column of theirs. */
function listOf(kind: Kind, column: TableColumn, facts: TableFacts): Made | null {
  const { element } = column
  const inner = elementOf(kind)
  // A list in a list would be an array of several dimensions, which may be of any.
  if (element === null || inner.tag === 'list') return null
  const one = madeOf(
    inner,
    { ...column, ...element, element: null, fields: null, notNull: false },
    facts,
  )
  if (one === null) return null
  const name = ident(column.name)
  const sql = one.asText ? `${name}::text[]` : name
  const missing = inner.optional ? 'false' : `array_position(${name}, NULL) IS NOT NULL`
  const flaw =
    one.flaw == null ? `CASE WHEN array_ndims(${name}) > 1 THEN true ELSE ${missing} END` : 'true'
  return { decode: list(kind, one.decode), sql, flaw }
}

/**
 * A list or a struct out of JSON, a composite, or an array of any dimensions. Which of its values do not fit
 * is not asked of the server: each row is looked at.
 */
function partsOf(kind: Kind, column: TableColumn, facts: TableFacts): Made | null {
  const sql =
    jsonText(column) ?? (fits(kind, column, facts) ? `to_json(${ident(column.name)})::text` : null)
  return sql === null
    ? null
    : { decode: fromJson(kind, { checked: !facts.utf8 }), sql, flaw: 'true' }
}

/** Whether `to_json` of the type may be of the kind: its fields are there, and its elements are readable. */
function fits(kind: Kind, { element, fields, ...column }: TableColumn, facts: TableFacts): boolean {
  let inner = kind
  while (inner.tag === 'list') inner = elementOf(inner)
  if ((element === null) !== (inner === kind)) return false
  if (inner.tag === 'struct')
    return (
      fields !== null &&
      structOf(inner).list.every(
        f => !hasBytes(f.kind) && (f.kind.optional || fields.includes(f.name)),
      )
    )
  if (hasBytes(inner)) return false
  const one = { ...column, ...element, element: null, fields: null, notNull: false }
  return madeOf(inner, one, facts) !== null
}

/** Bytes are base64 in our JSON, and hexadecimal in that of Postgres. */
function hasBytes(kind: Kind): boolean {
  if (kind.tag === 'list') return hasBytes(elementOf(kind))
  return kind.tag === 'struct'
    ? structOf(kind).list.some(f => hasBytes(f.kind))
    : kind.tag === 'bytes'
}

/** The text of json or jsonb, in which `null` is null; null for other types. */
function jsonText({ oid, name }: TableColumn): string | null {
  const of = oid === OID.json ? 'json' : 'jsonb'
  if (oid !== OID.json && oid !== OID.jsonb) return null
  return `CASE WHEN ${of}_typeof(${ident(name)}) <> 'null' THEN ${ident(name)}::text END`
}

/** Infinite, or so far away that its microseconds may not be held: those are looked at. */
const farTimes = (name: string): string =>
  `NOT isfinite(${name}) OR ${name} NOT BETWEEN '1700-01-01 00:00:00Z' AND '2250-01-01 00:00:00Z'`

function numberOf(kind: Kind, { oid, name: plain }: TableColumn): Made | null {
  const name = ident(plain)
  const bits = BITS.get(oid)
  if (kind.tag === 'int32' || kind.tag === 'int64') {
    if (bits === undefined) return null
    const most = kind.tag === 'int32' ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER
    const least = kind.tag === 'int32' ? -(2 ** 31) : Number.MIN_SAFE_INTEGER
    if (oid === OID.int4 && kind.tag === 'int32') return { decode: decode.int4 }
    const fits = 2 ** (bits - 1) - 1 <= most
    const flaw = fits ? null : `${name} NOT BETWEEN ${least} AND ${most}`
    return { decode: decode.integer(least, most), flaw }
  }
  if (kind.tag !== 'decimal') return null
  const limit = `1e${kind.precision - kind.scale}`
  const large = `abs(${name}::numeric) >= ${limit}`
  if (bits !== undefined) {
    const most = 10 ** (kind.precision - kind.scale) - 1
    return isWide(kind)
      ? { decode: decode.wideInteger, flaw: large }
      : { decode: decode.integer(-most, most, kind.scale), flaw: large }
  }
  if (oid !== OID.numeric) return null
  // NaN is above all numbers, and so is infinity.
  const flaw = `${large} OR ${name} <> trunc(${name}, ${kind.scale})`
  return { decode: decode.numeric, flaw }
}

function textOf(kind: Kind, { oid, category, name }: TableColumn, utf8: boolean): Made | null {
  const raw = TEXTS.includes(oid)
  if (!raw && !TEXTUAL.has(category) && !CLOCKS.includes(oid)) return null
  if (oid === OID.bytea) return null
  const sql = raw ? ident(name) : `${ident(name)}::text`
  const set = kind.values?.map(literal).join(', ')
  const flaw = set === undefined ? null : `${sql} COLLATE "C" NOT IN (${set})`
  // What is not known to be UTF-8 has to be looked at, each row.
  const asText = !raw
  return { decode: decode.text({ checked: !utf8 }), sql, flaw: utf8 ? flaw : 'true', asText }
}

/** The primary key first, for rejects; then the columns of the schema. */
export const selected = (bindings: readonly Binding[], key: readonly string[]): string[] => [
  ...key.map(k => `${ident(k)}::text`),
  ...bindings.map(b => b.sql),
]
