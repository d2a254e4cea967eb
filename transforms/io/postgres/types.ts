/** Kinds as Postgres types: what a table that a load makes has, and which a table that stands may have instead. */
import type { Kind } from '../../../engine/data/kind.ts'
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
}

/** As Postgres itself writes its types; undefined where it has none for the kind. */
export const typeOf = (kind: Kind): string | undefined =>
  kind.tag === 'decimal' ? `numeric(${kind.precision},${kind.scale})` : TYPES[kind.tag]

/** Whether a column of the type takes every value of the kind, and gives it back. */
export function takes(type: string, kind: Kind): boolean {
  if (type === typeOf(kind)) return true
  if (kind.tag === 'utf8') return type === 'character varying'
  if (kind.tag === 'int32') return type === 'bigint'
  if (kind.tag === 'json') return type === 'json'
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
