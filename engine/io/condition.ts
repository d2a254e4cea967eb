/**
 * Tests of columns as data: what `where` asks, and what a source is told so that it can leave out rows
 * that no step would keep. Comparisons follow SQL: null passes only `eq: null` (and `in` with a null in
 * the list); `not: null` passes all but null; NaN equals NaN and is greater than any number; texts
 * compare by code point, -0 equals 0.
 */
import { compare } from '../data/compare.ts'

export type Test = {
  readonly column: string
  readonly op: 'eq' | 'not' | 'gt' | 'gte' | 'lt' | 'lte' | 'in'
  /** As a lambda sees it; null stands for null; a list for `in`. */
  readonly value: unknown
}
/** A row passes if it passes all. */
export type Condition = readonly Test[]

/**
 * What the steps after a source drop by named columns alone. The conditions stand in the order of the
 * steps: a row counts under the first that it fails.
 */
export interface LeaveOut {
  readonly conditions: readonly Condition[]
  /** Rows that were not read: each passes all conditions before the `by`-th, and fails that. */
  skipped(rows: number, by: number): void
}

export function passes(test: Test, value: unknown): boolean {
  const { op, value: bound } = test
  if (op === 'in') return (bound as readonly unknown[]).some(b => equal(b, value))
  if (op === 'eq') return equal(bound, value)
  if (value === null) return false
  if (op === 'not') return !equal(bound, value)
  const order = compare(value, bound)
  if (op === 'gt') return order > 0
  if (op === 'gte') return order >= 0
  return op === 'lt' ? order < 0 : order <= 0
}

function equal(a: unknown, b: unknown): boolean {
  if (a === null || b === null) return a === b
  return compare(a, b) === 0
}
