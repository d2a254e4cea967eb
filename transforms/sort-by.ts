/** `sortBy`: the order of a whole collection. */
import type { Node, Order } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { add, columnOf, columnsOf, type Step } from './step.ts'

export interface SortOptions {
  by: string
  order?: 'asc' | 'desc'
}

/**
 * Sorts the rows; equal ones keep their order. The order holds for what reads the rows next: a sink's
 * files are in it, a join or groupBy ends it.
 *
 * Shape   PCollection<F> → PCollection<F>: same rows
 * Nulls   null comes last, ascending and descending
 * Cost    an exchange by ranges and a sort of each; spills past its memory
 * Throws  pipeline: a column does not exist, is named twice, or none is named
 * @example
 * sales.sortBy('country', { by: 'revenue', order: 'desc' })
 */
export function sortBy(step: Step, sort: readonly (string | SortOptions)[]): Node {
  const orders = sort.map(s => orderOf(step, typeof s === 'string' ? { by: s } : s))
  columnsOf(
    step,
    orders.map(o => o.by),
  )
  const name = `sortBy ${orders.map(o => (o.order === 'asc' ? o.by : `${o.by} desc`)).join(' ')}`
  return add(step, 'sortBy', { op: { sort: orders }, name })
}

/** Throws pipeline: the column does not exist, or the order is neither. */
export function orderOf(step: Step, sort: SortOptions): Order {
  const { name } = columnOf(step, sort?.by)
  const order = sort.order ?? 'asc'
  const have = ['asc', 'desc']
  if (!have.includes(order))
    refuse(`order ${quote(order)} does not exist`, { at: step.at, have, near: String(order) })
  return { by: name, order }
}
