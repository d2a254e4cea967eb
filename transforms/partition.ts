/** `partition`: each row goes to one of several named collections. */
import type { Node, Row } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { add, checkFunction, type Step } from './step.ts'

/**
 * Splits a collection: `fn` names the part that a row goes to.
 *
 * Shape   PCollection<F> → one PCollection<F> a name; each row in exactly one
 * Nulls   the function sees null as null
 * Cost    fused into its stage; a row is not copied, only selected
 * Throws  pipeline: no name, or one twice; data: it threw, or answered another name
 * Source  Beam programming guide, Partition
 * @example
 * const { home, abroad } = sales.partition(['home', 'abroad'], r => r.country === 'France' ? 'home' : 'abroad')
 */
export function partition(
  step: Step,
  names: readonly string[],
  fn: (row: Row) => unknown,
): Record<string, Node> {
  if (!Array.isArray(names) || names.length === 0) refuse('no part is named', { at: step.at })
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) refuse(`part ${quote(twice)} is named twice`, { at: step.at })
  const bad = names.find(name => typeof name !== 'string' || name === '')
  if (bad !== undefined) refuse(`part ${quote(bad)} is no name`, { at: step.at })
  checkFunction(step, fn, 'the second argument')
  const op = { names: [...names], fn }
  const node = add(step, 'partition', { op, name: `partition ${names.join(' ')}` })
  const parts: Record<string, Node> = Object.create(null)
  for (const tag of names)
    parts[tag] = add(step, 'output', { op: { tag }, name: `output ${tag}`, inputs: [node] })
  return parts
}
