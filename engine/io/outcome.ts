/**
 * What a condition makes of many rows at once, of which only statistics are known: all pass, none, or
 * it must be looked at row by row. Bounds may lie outside the values. A float column may hold NaN,
 * which no bound shows.
 */
import { compare } from '../data/compare.ts'
import { isWide, type Kind } from '../data/kind.ts'
import { storedBound } from '../data/stored-bound.ts'
import { type Condition, passes, type Test } from './condition.ts'

export type Outcome = 'all' | 'some' | 'none'

/** Of one column's values in some rows; null where not known. */
export interface ColumnStatistics {
  /** Inclusive, as a lambda sees values. */
  readonly min: unknown
  readonly max: unknown
  readonly nullCount: number | null
}

export interface RowStatistics {
  readonly rows: number
  readonly columns: ReadonlyMap<string, ColumnStatistics>
}

/** Index of the condition by which all rows are dropped, the first that drops any; -1: look at the rows. */
export function droppedBy(
  conditions: readonly Condition[],
  statistics: RowStatistics,
  kindOf: (column: string) => Kind | undefined,
): number {
  for (const [i, tests] of conditions.entries()) {
    const outcomes = tests.map(test => outcomeOf(test, statistics, kindOf(test.column)))
    if (outcomes.includes('none')) return i
    if (outcomes.includes('some')) return -1
  }
  return -1
}

/** What a test makes of the rows; a column that is not known may hold anything. */
export function outcomeOf(test: Test, s: RowStatistics, kind: Kind | undefined): Outcome {
  if (test.op === 'in' && (test.value as readonly unknown[]).length === 0) return 'none'
  const found = s.columns.get(test.column)
  if (found === undefined || kind === undefined) return 'some'
  const nullCount = kind.optional ? found.nullCount : 0
  const outcomes: Outcome[] = []
  if (nullCount !== s.rows) outcomes.push(ofValues(test, found, kind))
  if (nullCount !== 0) outcomes.push(passes(test, null) ? 'all' : 'none')
  const [first = 'some'] = outcomes
  return outcomes.every(o => o === first) ? first : 'some'
}

/** Of the values that are not null. */
function ofValues(test: Test, bounds: ColumnStatistics, kind: Kind): Outcome {
  const { op, value } = test
  if (op === 'not' && value === null) return 'all'
  if (op === 'in') {
    // A list is compared value by value, as a lambda sees them.
    const wanted = (value as readonly unknown[]).filter(v => v !== null)
    const outcomes = wanted.map(v => equal(v, bounds, kind, compare))
    if (outcomes.includes('all')) return 'all'
    return outcomes.includes('some') ? 'some' : 'none'
  }
  if (op !== 'eq' && op !== 'not') return ordered(op, value, bounds, kind)
  const same = value === null ? 'none' : equal(value, bounds, kind, ordering(kind))
  if (op === 'eq' || same === 'some') return same
  return same === 'all' ? 'none' : 'all'
}

type Compare = (a: unknown, b: unknown) => number

/** In the units that are stored, as the rows themselves are compared. */
const ordering =
  (kind: Kind): Compare =>
  (a, b) => {
    const plain = typeof a === 'number' && typeof b === 'number' && !isWide(kind)
    return plain ? compare(storedBound(kind, a), storedBound(kind, b)) : compare(a, b)
  }

const mayBeNaN = ({ tag }: Kind): boolean => tag === 'float32' || tag === 'float64'

/** Whether the values are equal to one: NaN among them is not. */
function equal(value: unknown, { min, max }: ColumnStatistics, kind: Kind, by: Compare): Outcome {
  const low = min === null ? -1 : by(min, value)
  const high = max === null ? 1 : by(max, value)
  if (low > 0 || high < 0) return 'none'
  return low === 0 && high === 0 && !mayBeNaN(kind) ? 'all' : 'some'
}

/** NaN passes gt and gte, and fails lt and lte. */
function ordered(
  op: 'gt' | 'gte' | 'lt' | 'lte',
  value: unknown,
  { min, max }: ColumnStatistics,
  kind: Kind,
): Outcome {
  const by = ordering(kind)
  const low = min === null ? -1 : by(min, value)
  const high = max === null ? 1 : by(max, value)
  const inclusive = op === 'gte' || op === 'lt'
  // Whether all values lie above the bound, or all below: the bound itself is on the side of its test.
  const above = inclusive ? low >= 0 : low > 0
  const below = (inclusive ? high < 0 : high <= 0) && !mayBeNaN(kind)
  if (op === 'gt' || op === 'gte') return above ? 'all' : below ? 'none' : 'some'
  return below ? 'all' : above ? 'none' : 'some'
}
