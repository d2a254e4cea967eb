/** What `where` asks of a table: its tests, checked, and as SQL. */
import { Fault } from '../../../engine/fault.ts'
import type { Test } from '../../../engine/io/condition.ts'

const SIGNS = { eq: '=', not: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const
const OPS: readonly string[] = [...Object.keys(SIGNS), 'in']

/** The tests of a column in `where`. Throws pipeline: one that there is none of. */
export function testsOf(table: string, column: string, test: unknown): Test[] {
  const plain = typeof test !== 'object' || test === null || test instanceof Uint8Array
  const asked: [string, unknown][] = plain ? [['eq', test]] : Object.entries(test)
  return asked.map(([op, value]) => {
    const known = OPS.includes(op) && (op !== 'in' || Array.isArray(value)) && value !== undefined
    if (known) return { column, op: op as Test['op'], value }
    throw new Fault(
      'pipeline',
      `table ${table}: test ${JSON.stringify(op)} of column "${column}" is none`,
      {
        detail: [`have  ${OPS.join(' ')}`],
        hint: "where: { country: 'France', price: { gt: 0 } }",
      },
    )
  })
}

/** A column, in the words of a warehouse. */
export interface Side {
  readonly column: string
  /** As it is compared with a value. */
  readonly compared: string
  /** A value as it is compared with; null where it has no exact form. */
  literal(value: unknown): string | null
}

/** Null where the test cannot be written. */
export function testSql({ op, value }: Test, { column, compared, literal }: Side): string | null {
  if (op === 'in') {
    const list = value as readonly unknown[]
    const literals = list.filter(v => v !== null).map(literal)
    if (literals.includes(null)) return null
    // SQL knows no empty list.
    const some = literals.length === 0 ? 'false' : `${compared} IN (${literals.join(', ')})`
    return list.includes(null) ? `${some} OR ${column} IS NULL` : some
  }
  if (value === null) {
    if (op === 'eq') return `${column} IS NULL`
    return op === 'not' ? `${column} IS NOT NULL` : null
  }
  const bound = literal(value)
  return bound === null ? null : `${compared} ${SIGNS[op]} ${bound}`
}
