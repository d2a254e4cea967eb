/**
 * Conditions as SQL, where Postgres answers them as the engine does: null passes `eq: null` only, NaN
 * is above all numbers, texts compare by their bytes, numbers in the units that are stored. A test that
 * would be answered in another way is not written at all: the engine then makes it itself.
 */
import { isWide, type Kind } from '../../../engine/data/kind.ts'
import { storedBound } from '../../../engine/data/stored-bound.ts'
import type { Condition } from '../../../engine/io/condition.ts'
import { dayText, timeText } from '../table/sql-times.ts'
import { testSql } from '../table/where.ts'
import type { Binding } from './bind.ts'
import { literal } from './names.ts'

/** True or false for each row, never null; null where Postgres would not answer as the engine. */
export function conditionSql(condition: Condition, bindings: readonly Binding[]): string | null {
  const tests: string[] = []
  for (const test of condition) {
    const binding = bindings.find(b => b.field.name === test.column)
    if (binding === undefined) return null
    const { op } = test
    const compared = sideOf(binding, op === 'eq' || op === 'not' || op === 'in')
    const literal = (value: unknown) => literalOf(binding, value)
    const sql = testSql(test, { column: binding.sql, compared, literal })
    if (sql === null) return null
    tests.push(`(${sql}) IS TRUE`)
  }
  return tests.length === 0 ? 'true' : tests.join(' AND ')
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
