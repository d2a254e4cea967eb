/** `filter`: a predicate in plain TypeScript. `where` is its readable twin for the optimizer. */
import type { Node, OnError, Row } from '../engine/plan/node.ts'
import { add, checkFunction, checkOptions, onErrorOf, type Step } from './step.ts'

export interface FilterOptions {
  /** Why a row goes; names the step, and is counted. */
  reason?: string
  onError?: OnError
}

/**
 * Keeps the rows for which `keep` is true.
 *
 * Shape   PCollection<F> → PCollection<F>: same schema, at most as many rows
 * Nulls   a predicate sees null as null; only `true` keeps the row
 * Cost    fused into its stage; no copy where every row passes
 * Throws  pipeline: the predicate is not a function; data: it threw (unless onError is 'deadLetter')
 * Source  Beam programming guide, ParDo ("filtering a data set")
 * @example
 * orders.filter(o => o.price > 0, { reason: 'free' })
 */
export function filter(step: Step, keep: (row: Row) => unknown, o: FilterOptions = {}): Node {
  checkFunction(step, keep, 'the predicate')
  checkOptions(step, o, ['reason', 'onError'])
  const { reason } = o
  const op = { fn: keep, reason: reason ?? 'filtered', onError: onErrorOf(step, o.onError) }
  return add(step, 'filter', { op, name: reason === undefined ? 'filter' : `filter "${reason}"` })
}
