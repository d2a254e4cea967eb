/** `distinct`, `distinctBy`: one row of those that are equal, whole or by key. */
import type { Node } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { add, checkOptions, columnOf, columnsOf, type Step } from './step.ts'

/**
 * One row of each set of equal rows.
 *
 * Shape   PCollection<F> → PCollection<F>: at most as many rows
 * Nulls   null equals null
 * Cost    an exchange by all columns, or by one that an aggregate beyond counts or groups by;
 *         deduplicated before it where that shrinks it
 * Source  Beam's Distinct
 * @example
 * orders.select('day').distinct()
 */
export const distinct = (step: Step): Node => add(step, 'distinct', { op: {}, name: 'distinct' })

export interface DistinctByOptions {
  keep: 'first' | 'last'
  /** The column that orders the rows of a key. */
  by: string
}

/**
 * One row a key: the one with the smallest (`first`) or largest (`last`) value of `by`. Of several with
 * that value, `first` keeps the one read first, `last` the one read last.
 *
 * Shape   PCollection<F> → PCollection<F>: at most as many rows
 * Nulls   null keys are equal; a null in `by` is smaller than any value
 * Cost    an exchange by the keys, combined before it where that shrinks it
 * Throws  pipeline: a column does not exist, `keep` is neither
 * @example
 * users.distinctBy('userId', { keep: 'last', by: 'updatedAt' })
 */
export function distinctBy(
  step: Step,
  keys: string | readonly string[],
  o: DistinctByOptions,
): Node {
  const names = columnsOf(step, typeof keys === 'string' ? [keys] : keys).map(f => f.name)
  checkOptions(step, o, ['keep', 'by'])
  const have = ['first', 'last']
  if (!have.includes(o?.keep))
    refuse(`keep ${quote(o?.keep)} does not exist`, { at: step.at, have, near: String(o?.keep) })
  const by = columnOf(step, o.by).name
  const op = { keys: names, keep: o.keep, by }
  return add(step, 'distinctBy', { op, name: `distinctBy ${names.join(' ')}, ${o.keep} by ${by}` })
}
