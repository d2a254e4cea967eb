/** Kinds as Postgres types: what a table that a load makes has, and which a table that stands may have instead. */
import type { Kind } from '../../../engine/data/kind.ts'
import { elementOf } from '../../../engine/data/nested.ts'
import type { Field } from '../../../engine/data/schema.ts'
import { ident } from './names.ts'

const TYPES: Readonly<Record<string, string>> = {
  bool: 'boolean',
  int32: 'integer',
  int64: 'bigint',
  bigint: 'bigint',
  float32: 'real',
  float64: 'double precision',
  utf8: 'text',
  bytes: 'bytea',
  date: 'date',
  timestamp: 'timestamp with time zone',
  datetime: 'timestamp without time zone',
  json: 'jsonb',
  struct: 'jsonb',
}

/** Of an array's elements, by their kind. */
export const ELEMENT_OID: Readonly<Record<string, number>> = {
  bool: 16,
  int32: 23,
  int64: 20,
  bigint: 20,
  float32: 700,
  float64: 701,
  decimal: 1700,
  utf8: 25,
  bytes: 17,
  date: 1082,
  timestamp: 1184,
  datetime: 1114,
  json: 3802,
}

/** Lists of what has no parts are arrays; others, which arrays of Postgres cannot be, are jsonb. */
export const isArray = (kind: Kind): boolean =>
  kind.tag === 'list' && ELEMENT_OID[elementOf(kind).tag] !== undefined

/** As Postgres itself writes its types; undefined where it has none for the kind. */
export function typeOf(kind: Kind): string | undefined {
  if (kind.tag === 'decimal') return `numeric(${kind.precision},${kind.scale})`
  if (kind.tag === 'list') return isArray(kind) ? `${typeOf(elementOf(kind))}[]` : 'jsonb'
  return TYPES[kind.tag]
}

/** Whether a column of the type takes every value of the kind, and gives it back. */
export function takes(type: string, kind: Kind): boolean {
  if (type === typeOf(kind)) return true
  if (kind.tag === 'utf8') return type === 'character varying'
  if (kind.tag === 'int32') return type === 'bigint'
  if (isArray(kind)) return type.endsWith('[]') && takes(type.slice(0, -2), elementOf(kind))
  if (kind.tag === 'json' || kind.tag === 'struct' || kind.tag === 'list') return type === 'json'
  if (kind.tag !== 'decimal') return false
  if (type === 'numeric') return true
  const [, precision, scale] = /^numeric\((\d+),(\d+)\)$/.exec(type) ?? []
  const before = Number(precision) - Number(scale)
  return before >= kind.precision - kind.scale && Number(scale) >= kind.scale
}

/** The columns of a CREATE TABLE. */
export const declared = (columns: readonly Field[]): string =>
  columns
    .map(({ name, kind }) => `${ident(name)} ${typeOf(kind)}${kind.optional ? '' : ' NOT NULL'}`)
    .join(', ')
