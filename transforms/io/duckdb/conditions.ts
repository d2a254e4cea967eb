/**
 * Tests as DuckDB's SQL, which answers them as the engine does: null passes `eq: null` only, NaN is above
 * all numbers, texts compare by their bytes. Values are quoted, and compared in the units that are stored.
 */
import type { Kind } from '../../../engine/data/kind.ts'
import { storedBound } from '../../../engine/data/stored-bound.ts'
import { Fault } from '../../../engine/fault.ts'
import type { Condition } from '../../../engine/io/condition.ts'
import { dayText, timeText } from '../table/sql-times.ts'
import { testSql } from '../table/where.ts'
import type { Binding } from './bind.ts'
import { text } from './names.ts'

/** True of the rows that are asked for. Throws pipeline: a test that cannot be asked. */
export function conditionSql(
  condition: Condition,
  bindings: readonly Binding[],
  table: string,
): string {
  const tests = condition.map(test => {
    const binding = bindings.find(b => b.field.name === test.column) as Binding
    const { column } = binding
    const literal = (value: unknown) => literalOf(binding.field.kind, value)
    const sql = testSql(test, { column, compared: column, literal })
    if (sql !== null) return `(${sql})`
    throw new Fault(
      'pipeline',
      `table ${table}: "${test.column}" ${test.op} cannot be asked of a ${binding.field.kind.name}`,
      { hint: 'leave it out here, and write .where(…) after the read' },
    )
  })
  return tests.length === 0 ? 'true' : tests.join(' AND ')
}

/** The value as it is compared with; null where it is not of the kind, or has no exact form. */
function literalOf(kind: Kind, value: unknown): string | null {
  switch (typeof value) {
    case 'boolean':
      return kind.tag === 'bool' ? String(value) : null
    case 'bigint':
      return kind.tag === 'bigint' && BigInt.asIntN(64, value) === value
        ? `${text(String(value))}::BIGINT`
        : null
    case 'string': {
      const plain = kind.tag === 'utf8' && !value.includes('\0') && value.isWellFormed()
      return plain ? text(value) : null
    }
    case 'number':
      return numberLiteral(kind, value)
    default:
      return value instanceof Uint8Array && kind.tag === 'bytes'
        ? `unhex(${text(Buffer.from(value).toString('hex'))})`
        : null
  }
}

function numberLiteral(kind: Kind, value: number): string | null {
  if (kind.tag === 'float64' || kind.tag === 'float32') return `${text(String(value))}::DOUBLE`
  const stored = storedBound(kind, value)
  if (!Number.isSafeInteger(stored)) return null
  switch (kind.tag) {
    case 'int32':
    case 'int64':
      return `${text(String(stored))}::BIGINT`
    case 'decimal':
      return `${text(decimalText(stored, kind.scale))}::DECIMAL(38,${kind.scale})`
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

/** Of units of 10^-scale. */
function decimalText(units: number, scale: number): string {
  const digits = String(Math.abs(units)).padStart(scale + 1, '0')
  const point = digits.length - scale
  const fraction = scale === 0 ? '' : `.${digits.slice(point)}`
  return `${units < 0 ? '-' : ''}${digits.slice(0, point)}${fraction}`
}
