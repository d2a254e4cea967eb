/**
 * Kinds as BigQuery's types. Decimals of at most 29 digits before and 9 after the point are NUMERIC,
 * wider ones BIGNUMERIC; a list is REPEATED, a struct a RECORD, whose fields map likewise.
 */
import type { Kind } from '../../../engine/data/kind.ts'
import { structOf } from '../../../engine/data/nested.ts'
import type { Field } from '../../../engine/data/schema.ts'

/** As the REST interface writes a column. */
export interface TableField {
  readonly name: string
  readonly type: string
  readonly mode?: string
  readonly description?: string
  readonly fields?: readonly TableField[]
}

const TYPES: Readonly<Record<string, string>> = {
  bool: 'BOOL',
  int32: 'INT64',
  int64: 'INT64',
  bigint: 'INT64',
  float32: 'FLOAT64',
  float64: 'FLOAT64',
  utf8: 'STRING',
  bytes: 'BYTES',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  datetime: 'DATETIME',
  json: 'JSON',
  struct: 'RECORD',
}

const numericFits = ({ precision, scale }: Kind): boolean => scale <= 9 && precision - scale <= 29

/** Of one value of the kind; undefined where there is none, as for a list in a list. */
export function typeOf(kind: Kind): string | undefined {
  if (kind.tag === 'decimal') return numericFits(kind) ? 'NUMERIC' : 'BIGNUMERIC'
  if (kind.tag !== 'list') return TYPES[kind.tag]
  const inner = kind.inner as Kind
  return inner.tag === 'list' ? undefined : typeOf(inner)
}

/** A column, with those in it. `describe`: what the table's owner says of it. */
export function fieldOf({ name, kind }: Field, description?: string): TableField {
  const element = kind.tag === 'list' ? (kind.inner as Kind) : kind
  const mode = kind.tag === 'list' ? 'REPEATED' : kind.optional ? 'NULLABLE' : 'REQUIRED'
  return {
    name,
    type: typeOf(kind) ?? 'STRING',
    mode,
    ...(description === undefined ? {} : { description }),
    ...(element.tag === 'struct'
      ? { fields: structOf(element).list.map((f: Field) => fieldOf(f)) }
      : {}),
  }
}

/** The service answers some types by their older names. */
const OLDER: Readonly<Record<string, string>> = {
  INTEGER: 'INT64',
  FLOAT: 'FLOAT64',
  BOOLEAN: 'BOOL',
  STRUCT: 'RECORD',
  DECIMAL: 'NUMERIC',
  BIGDECIMAL: 'BIGNUMERIC',
}
const newer = (type: string): string => OLDER[type.toUpperCase()] ?? type.toUpperCase()

/** `REPEATED RECORD(id INT64, name STRING)`: a column's type in full, names as they are compared. */
export function typeText({ type, mode, fields }: TableField): string {
  const inner = fields?.map(f => `${f.name.toLowerCase()} ${typeText(f)}`).join(', ')
  return `${mode === 'REPEATED' ? 'REPEATED ' : ''}${newer(type)}${inner ? `(${inner})` : ''}`
}

/** A value of the type, for comparing keys that may be null; undefined where it cannot be a key. */
export function zeroOf(kind: Kind): string | undefined {
  const zeros: Readonly<Record<string, string>> = {
    BOOL: 'FALSE',
    INT64: '0',
    NUMERIC: "NUMERIC '0'",
    BIGNUMERIC: "BIGNUMERIC '0'",
    STRING: "''",
    BYTES: "b''",
    DATE: "DATE '1970-01-01'",
    TIMESTAMP: "TIMESTAMP '1970-01-01 00:00:00+00'",
    DATETIME: "DATETIME '1970-01-01 00:00:00'",
  }
  return kind.tag === 'list' ? undefined : zeros[typeOf(kind) ?? '']
}
