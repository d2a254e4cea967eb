/** `where`: the predicate that the optimizer reads and pushes into scans. */
import type { Node, Test } from '../engine/plan/node.ts'
import { show } from '../engine/data/value.ts'
import { add, checkOptions, type Step } from './step.ts'
import { testsOf } from './predicates.ts'

/**
 * Keeps the rows that pass every test: `{ country: 'France', quantity: { gt: 0, lte: 9 } }`.
 *
 * Shape   PCollection<F> → PCollection<F>: same schema, at most as many rows
 * Nulls   as in SQL: null passes `null` (alone, or in an `in`) only; `not: null` passes all but null
 * Cost    read from Parquet statistics, pushed into sources that can filter; else one comparison a row
 * Throws  pipeline: a column or test does not exist, a value is not of the column's kind
 * @example
 * orders.where({ status: { in: ['paid', 'shipped'] }, price: { gt: 0 } }, { reason: 'not sold' })
 */
export function where(step: Step, test: unknown, o: { reason?: string } = {}): Node {
  checkOptions(step, o, ['reason'])
  const tests = testsOf(step, test)
  const told = tests.map(describeTest).join(', ')
  const reason = o.reason ?? `not ${told}`
  return add(step, 'where', { op: { tests, reason }, name: `where ${told}` })
}

const SIGNS = { eq: '=', not: '≠', gt: '>', gte: '≥', lt: '<', lte: '≤', in: 'in' } as const

export function describeTest({ column, op, value }: Test): string {
  const text = Array.isArray(value) ? `[${value.map(show).join(' ')}]` : show(value)
  return `${column} ${SIGNS[op]} ${text}`
}
