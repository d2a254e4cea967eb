/** `groupBy(…).aggregate` and `aggregate`: rows become one row a key, or one in all. */
import { type Field, schemaOf } from '../engine/data/schema.ts'
import type { Aggregate } from '../engine/plan/aggregate.ts'
import type { Node } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { AggregateMaker } from './aggregates.ts'
import { add, checkFunction, columnsOf, isKind, type Step } from './step.ts'

/**
 * One row a key: the keys, then the aggregates.
 *
 * Shape   PCollection<F> → PCollection<keys + aggregates>; as many rows as there are keys
 * Nulls   null keys are equal and make a row; aggregates leave nulls out
 * Cost    combined before an exchange by the keys, merged behind it; spills past its memory
 * Throws  pipeline: a column does not exist, a sum over text, an aggregate named like a key
 * Source  Beam programming guide, Combine per key
 * @example
 * sales.groupBy('country').aggregate(g => ({ revenue: g.sum('revenue'), orders: g.countDistinct('invoiceNo') }))
 */
export function aggregateBy(step: Step, keys: readonly string[], fn: (g: never) => unknown): Node {
  const fields = columnsOf(step, keys)
  return aggregateNode(step, fields, fn, `aggregate by ${keys.join(' ')}`)
}

/**
 * One row for the whole collection, also where it has no row: counts and sums are 0 then, and what has
 * no value (mean, min, max, first, last) is null, which is why those are nullable here.
 *
 * Shape   PCollection<F> → PCollection<aggregates>; exactly one row
 * Nulls   aggregates leave nulls out
 * Cost    combined in each task; the results meet in one task
 * Throws  as groupBy(…).aggregate
 * Source  Beam programming guide, Combine globally
 * @example
 * sales.aggregate(g => ({ revenue: g.sum('revenue'), lines: g.count() })).asSingleton()
 */
export const aggregateAll = (step: Step, fn: (g: never) => unknown): Node =>
  aggregateNode(step, [], fn, 'aggregate')

function aggregateNode(
  step: Step,
  keys: readonly Field[],
  fn: (g: never) => unknown,
  name: string,
): Node {
  checkFunction(step, fn, 'the argument')
  const made = fn(new AggregateMaker(step, keys.length === 0) as never)
  const aggregates = Object.entries(made ?? {}).map(([name, value]) => {
    const aggregate = value as Aggregate | null
    if (!isKind(aggregate?.kind) || !('combine' in aggregate))
      return refuse(`column ${quote(name)} is no aggregate`, {
        at: step.at,
        hint: 'such as g.count()',
      })
    if (keys.some(k => k.name === name))
      refuse(`column ${quote(name)} is a key already`, { at: step.at })
    return { name, aggregate }
  })
  if (aggregates.length === 0)
    refuse('no aggregate is named', {
      at: step.at,
      hint: 'return an object: g => ({ rows: g.count() })',
    })
  const columns = aggregates.map(a => ({ name: a.name, kind: a.aggregate.kind }))
  const op = { keys: keys.map(k => k.name), aggregates }
  return add(step, 'aggregate', { op, name, schema: schemaOf([...keys, ...columns]) })
}
