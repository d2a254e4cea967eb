/** `select`, `drop`, `rename`: which columns go on, and under which names. No row is touched. */
import { schemaOf } from '../engine/data/schema.ts'
import type { Node, Projection } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { add, columnOf, columnsOf, namesOf, type Step } from './step.ts'

/** A project node: the columns of the step that `columns` lists, renamed. */
export function project(step: Step, columns: readonly Projection[], name: string): Node {
  const list = columns.map(c => ({ name: c.name, kind: columnOf(step, c.from).kind }))
  return add(step, 'project', { op: { columns }, name, schema: schemaOf(list) })
}

/**
 * Keeps these columns, in this order.
 *
 * Shape   PCollection<F> → PCollection<the named columns>; all rows
 * Cost    none: columns are handed on
 * Throws  pipeline: a column does not exist, is named twice, or none is named
 * @example
 * orders.select('orderId', 'price')
 */
export function select(step: Step, columns: readonly string[]): Node {
  const fields = columnsOf(step, columns)
  const kept = fields.map(f => ({ name: f.name, from: f.name }))
  return project(step, kept, `select ${columns.join(' ')}`)
}

/**
 * Keeps all columns but these.
 *
 * Shape   PCollection<F> → PCollection<F without the named columns>; all rows
 * Cost    none: columns are handed on
 * Throws  pipeline: a column does not exist, is named twice, or none would be left
 * @example
 * people.drop('email', 'phone')
 */
export function drop(step: Step, columns: readonly string[]): Node {
  const gone = new Set(columnsOf(step, columns).map(f => f.name))
  const kept = namesOf(step.node.schema).filter(name => !gone.has(name))
  if (kept.length === 0)
    refuse('no column is left', { at: step.at, have: namesOf(step.node.schema) })
  return project(
    step,
    kept.map(name => ({ name, from: name })),
    `drop ${columns.join(' ')}`,
  )
}

/**
 * Gives columns new names, old → new; two may swap theirs.
 *
 * Shape   PCollection<F> → PCollection<F renamed>; all rows, same order of columns
 * Cost    none: columns are handed on
 * Throws  pipeline: a column does not exist, or the new name is taken
 * @example
 * payments.rename({ paymentId: 'id', paidAt: 'at' })
 */
export function rename(step: Step, names: Readonly<Record<string, string>>): Node {
  const pairs = Object.entries(names ?? {})
  columnsOf(
    step,
    pairs.map(([from]) => from),
  )
  for (const [from, name] of pairs)
    if (typeof name !== 'string' || name === '')
      refuse(`column ${quote(from)} is renamed to ${quote(name)}, which is no name`, {
        at: step.at,
      })
  const to = new Map(pairs)
  const columns = namesOf(step.node.schema).map(from => ({ name: to.get(from) ?? from, from }))
  const seen = new Set<string>()
  for (const { name } of columns) {
    if (seen.has(name))
      refuse(`column ${quote(name)} exists already`, {
        at: step.at,
        have: namesOf(step.node.schema),
      })
    seen.add(name)
  }
  return project(
    step,
    columns,
    `rename ${pairs.map(([from, name]) => `${from}→${name}`).join(' ')}`,
  )
}
