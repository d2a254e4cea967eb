/** `groupBy(…).top` and `groupBy(…).flatMap`: what else is done with a key's rows. */
import { type AnySchema, schemaOf, t } from '../engine/data/schema.ts'
import type { Node, Order, Row, Rows } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { orderOf, type SortOptions } from './sort-by.ts'
import {
  add,
  checkFunction,
  checkOptions,
  checkSchema,
  columnsOf,
  namesOf,
  type Step,
} from './step.ts'

export interface TopOptions extends SortOptions {
  /** Name of a column that numbers a key's rows from 1. */
  rank?: string
}

/**
 * The first `n` rows of each key, in the order given; among equals the rows that came first.
 *
 * Shape   PCollection<F> → PCollection<F + rank>; at most n rows a key
 * Nulls   null keys are equal; a null in `by` comes last, ascending and descending
 * Cost    n rows a key are kept before and behind an exchange by the keys
 * Throws  pipeline: a column does not exist, n is below 1, `rank` is a column already
 * Source  Beam's Top per key
 * @example
 * sales.groupBy('month').top(20, { by: 'revenue', order: 'desc', rank: 'rank' })
 */
export function top(step: Step, keys: readonly string[], n: number, o: TopOptions): Node {
  const names = columnsOf(step, keys).map(f => f.name)
  if (!Number.isInteger(n) || n < 1)
    refuse(`top ${n} keeps no row`, { at: step.at, hint: 'a whole number from 1' })
  checkOptions(step, o, ['by', 'order', 'rank'])
  const order = orderOf(step, o)
  const { list } = step.node.schema
  const rank = o.rank ?? null
  if (rank !== null && namesOf(step.node.schema).includes(rank))
    refuse(`column ${quote(rank)} exists already`, { at: step.at, have: namesOf(step.node.schema) })
  const schema =
    rank === null ? step.node.schema : schemaOf([...list, { name: rank, kind: t.int32 }])
  const name = `top ${n} of ${names.join(' ')} by ${order.by} ${order.order}`
  return add(step, 'top', { op: { keys: names, n, order, rank }, name, schema })
}

/**
 * A function over each key's rows, streamed in the order given: Beam's GroupByKey. The rows can be walked
 * once, and need not be walked to their end.
 *
 * Shape   PCollection<F> → PCollection<G>; any number of rows
 * Nulls   null keys are equal and make a group
 * Cost    an exchange by the keys and a sort by key and `sort`; never a whole group in memory
 * Throws  pipeline: a column does not exist, no schema, no function; data: it threw
 * Source  Beam programming guide, GroupByKey
 * @example
 * events.groupBy('userId').flatMap(Gap, function* (key, rows) {
 *   let last = -1
 *   for (const r of rows) { if (last >= 0) yield { userId: key.userId, ms: r.at - last }; last = r.at }
 * }, { sort: { by: 'at' } })
 */
export function groupFlatMap(
  step: Step,
  keys: readonly string[],
  out: AnySchema,
  fn: (key: Row, rows: Rows) => unknown,
  o: { sort?: SortOptions } = {},
): Node {
  const names = columnsOf(step, keys).map(f => f.name)
  checkSchema(step, out)
  checkFunction(step, fn, 'the second argument')
  checkOptions(step, o, ['sort'])
  const sort: Order | null = o.sort === undefined ? null : orderOf(step, o.sort)
  return add(step, 'groupFlatMap', {
    op: { keys: names, sort, fn },
    name: `flatMap by ${names.join(' ')}`,
    schema: out,
  })
}
