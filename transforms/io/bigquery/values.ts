/** Values as the REST interface sends them, JSON text, as JS values. */
import type { TableField } from './types.ts'
import type { Cells } from './query.ts'

/** Microseconds since 1970, from microseconds or, where the server sends those, seconds. */
export const microsOf = (sent: string): number =>
  /^-?\d+$/.test(sent) ? Number(sent) : Math.round(Number(sent) * 1e6)

/** `2020-01-31T10:00:00.123456`, a wall clock's time as if it were UTC. */
export function datetimeMicros(sent: string): number {
  const [, whole = '', fraction = ''] = /^(.{19})(?:\.(\d{1,6}))?$/.exec(sent) ?? []
  return Date.parse(`${whole.replace(' ', 'T')}Z`) * 1000 + Number(fraction.padEnd(6, '0'))
}

/** A row as an object, for people and tests: as `Warehouse.query` says. */
export const rowOf = (fields: readonly TableField[], { f }: Cells): Record<string, unknown> =>
  Object.fromEntries(fields.map((field, i) => [field.name, jsValue(field, f[i]?.v)]))

function jsValue(field: TableField, sent: unknown): unknown {
  if (field.mode === 'REPEATED') {
    const element = { ...field, mode: 'NULLABLE' }
    return ((sent ?? []) as { v: unknown }[]).map(({ v }) => jsValue(element, v))
  }
  if (sent === null || sent === undefined) return null
  if (field.fields) return rowOf(field.fields, sent as Cells)
  return scalarOf(field.type, String(sent))
}

function scalarOf(type: string, sent: string): unknown {
  switch (type) {
    case 'BOOL':
    case 'BOOLEAN':
      return sent === 'true'
    case 'INT64':
    case 'INTEGER':
      return BigInt(sent)
    case 'FLOAT64':
    case 'FLOAT':
    case 'NUMERIC':
    case 'BIGNUMERIC':
      return numberOf(sent)
    case 'BYTES':
      return Buffer.from(sent, 'base64')
    case 'DATE':
      return new Date(`${sent}T00:00:00Z`)
    case 'TIMESTAMP':
      return new Date(microsOf(sent) / 1000)
    case 'DATETIME':
      return new Date(datetimeMicros(sent) / 1000)
    default:
      return type === 'JSON' ? JSON.parse(sent) : sent
  }
}

/** `Infinity` and `NaN` come as JS writes them, or short. */
export const numberOf = (sent: string): number =>
  sent === '-inf' || sent === '-Infinity'
    ? -Infinity
    : /^\+?inf/i.test(sent)
      ? Infinity
      : Number(sent)
