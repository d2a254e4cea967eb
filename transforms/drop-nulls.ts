/** `dropNulls`: what `filter(r => r.x !== null)` cannot tell the type checker. */
import { schemaOf } from '../engine/data/schema.ts'
import type { Node } from '../engine/plan/node.ts'
import { add, columnsOf, type Step } from './step.ts'

/**
 * Keeps the rows that have a value in each of the columns, which are not nullable afterwards.
 *
 * Shape   PCollection<F> → PCollection<F>, the named columns required; at most as many rows
 * Nulls   this is about them
 * Cost    fused into its stage; one byte read a row and column
 * Throws  pipeline: a column does not exist, or none is named
 * @example
 * lines.dropNulls('customerId').filter(r => r.customerId > 12000)
 */
export function dropNulls(step: Step, columns: readonly string[]): Node {
  const named = new Set(columnsOf(step, columns).map(f => f.name))
  const fields = step.node.schema.list.map(f =>
    named.has(f.name) ? { ...f, kind: f.kind.required } : f,
  )
  const reason = `null in ${columns.join(' or ')}`
  const name = `dropNulls ${columns.join(' ')}`
  return add(step, 'dropNulls', { op: { columns, reason }, name, schema: schemaOf(fields) })
}
