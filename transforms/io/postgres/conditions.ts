/**
 * Conditions as SQL, where Postgres answers them as the engine does: null passes `eq: null` only, NaN
 * is above all numbers, texts compare by their bytes, numbers in the units that are stored. A test that
 * would be answered in another way is not written at all: the engine then makes it itself.
 */
import { isWide, type Kind } from '../../../engine/data/kind.ts'
import { storedBound } from '../../../engine/data/stored-bound.ts'
import { DAY_MS } from '../../../engine/data/value.ts'
import type { Condition, Test } from '../../../engine/io/condition.ts'
import type { Binding } from './bind.ts'
import { literal } from './names.ts'

const SIGNS = { eq: '=', not: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

/** True or false for each row, never null; null where Postgres would not answer as the engine. */
export function conditionSql(condition: Condition, bindings: readonly Binding[]): string | null {
  const tests: string[] = []
  for (const test of condition) {
    const binding = bindings.find(b => b.field.name === test.column)
    const sql = binding === undefined ? null : testSql(test, binding)
    if (sql === null) return null
    tests.push(`(${sql}) IS TRUE`)
  }
  return tests.length === 0 ? 'true' : tests.join(' AND ')
}

function testSql({ op, value }: Test, binding: Binding): string | null {
  const side = sideOf(binding, op === 'eq' || op === 'not' || op === 'in')
  if (op === 'in') {
    const list = value as readonly unknown[]
    const literals = list.filter(v => v !== null).map(v => literalOf(binding, v))
    if (literals.includes(null)) return null
    const some = literals.length === 0 ? 'false' : `${side} IN (${literals.join(', ')})`
    return list.includes(null) ? `${some} OR ${binding.sql} IS NULL` : some
  }
  if (value === null) {
    if (op === 'eq') return `${binding.sql} IS NULL`
    return op === 'not' ? `${binding.sql} IS NOT NULL` : null
  }
  const bound = literalOf(binding, value)
  return bound === null ? null : `${side} ${SIGNS[op]} ${bound}`
}

/** Equal texts have equal bytes in any collation that is not vague: an index of the column serves. */
function sideOf({ field, column, sql }: Binding, equality: boolean): string {
  if (field.kind.tag !== 'utf8') return sql
  return equality && !column.vague ? sql : `${sql} COLLATE "C"`
}

/** The value as it is compared with; null where it has no exact form. */
export function literalOf({ field: { kind }, column }: Binding, value: unknown): string | null {
  if (typeof value === 'boolean') return kind.tag === 'bool' ? String(value) : null
  if (typeof value === 'bigint') return inInt8(value) ? `${literal(String(value))}::int8` : null
  if (value instanceof Uint8Array) return `'\\x${Buffer.from(value).toString('hex')}'::bytea`
  if (typeof value === 'string') {
    // Blank-padded texts compare without their blanks.
    const exact = kind.tag === 'utf8' && !/^(?:character|bpchar)\b(?! varying)/.test(column.type)
    return exact && !value.includes('\0') && value.isWellFormed() ? literal(value) : null
  }
  return typeof value === 'number' ? numberLiteral(kind, value) : null
}

const inInt8 = (value: bigint): boolean => BigInt.asIntN(64, value) === value

function numberLiteral(kind: Kind, value: number): string | null {
  if (kind.tag === 'float64' || kind.tag === 'float32') return `'${floatText(value)}'::float8`
  const stored = storedBound(kind, value)
  if (isWide(kind) || !Number.isSafeInteger(stored)) return null
  switch (kind.tag) {
    case 'int32':
    case 'int64':
      return `'${stored}'::int8`
    case 'decimal':
      return `'${stored}e-${kind.scale}'::numeric`
    case 'date':
      return dayText(stored)
    case 'timestamp':
      return timeText(stored, 'timestamptz')
    case 'datetime':
      return timeText(stored, 'timestamp')
    default:
      return null
  }
}

const floatText = (value: number): string =>
  Number.isFinite(value) ? String(value) : value > 0 ? 'Infinity' : value < 0 ? '-Infinity' : 'NaN'

/** Days and microseconds of the years 1 to 9999, which are written with four digits. */
const FIRST_DAY = Date.UTC(2001, 0, 1) / DAY_MS - 730_485
const LAST_DAY = Date.UTC(9999, 11, 31) / DAY_MS

export function dayText(days: number): string | null {
  if (days < FIRST_DAY || days > LAST_DAY) return null
  return `'${new Date(days * DAY_MS).toISOString().slice(0, 10)}'::date`
}

/** Microseconds since 1970, whole: exact to the last. Null outside the years 1 to 9999. */
export function timeText(micros: number, type: 'timestamptz' | 'timestamp'): string | null {
  const day = Math.floor(micros / 1000 / DAY_MS)
  if (day < FIRST_DAY || day > LAST_DAY) return null
  return `'${isoMicros(micros)}'::${type}`
}

/** `2024-01-31T10:00:00.123456Z`. */
export function isoMicros(micros: number): string {
  const millis = Math.floor(micros / 1000)
  const rest = String(micros - millis * 1000).padStart(3, '0')
  return new Date(millis).toISOString().replace('Z', `${rest}Z`)
}

/** Microseconds of such a text, or of one as Postgres writes it: `2024-01-31 10:00:00.12+00`. NaN: neither. */
export function microsOf(text: string): number {
  const found = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|\+00)?$/.exec(text)
  if (found === null) return Number.NaN
  const [, day, time, fraction = ''] = found
  return Date.parse(`${day}T${time}Z`) * 1000 + Number(fraction.padEnd(6, '0'))
}
