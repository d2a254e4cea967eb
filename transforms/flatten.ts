/** `flatten`: several collections of one schema become one. */
import { sameKind } from '../engine/data/kind.ts'
import { type AnySchema, type Fields, indexOf, type Field } from '../engine/data/schema.ts'
import type { Node } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { Collection, wrap } from './collection.ts'
import type { PCollection } from './pcollection.ts'
import { project } from './project.ts'
import { add, namesOf, siteOf, type Step } from './step.ts'

/**
 * All rows of all collections, in one order that each run repeats. Columns are matched by name.
 *
 * Shape   PCollection<F>, … → PCollection<F>: as many rows as all have
 * Nulls   a column is nullable in all of them or in none
 * Cost    none: batches are handed on
 * Throws  pipeline: their columns differ
 * Source  Beam programming guide, Flatten
 * @example
 * flatten(p.read(csv('a.csv', Line)), p.read(ndjson('b.ndjson', Line)))
 */
export function flatten<F extends Fields>(
  first: PCollection<F>,
  ...rest: PCollection<NoInfer<F>>[]
): PCollection<F> {
  const at = siteOf('flatten')
  const graph = Collection.graphOf(first, at)
  const nodes = [first, ...rest].map(c => Collection.nodeOf(c, { at, graph }))
  const [head] = nodes as [Node]
  const step: Step = { graph, node: head, at }
  const inputs = nodes.map((node, i) => aligned({ ...step, node }, head.schema, i + 1))
  return wrap(graph, add(step, 'flatten', { op: {}, name: 'flatten', inputs })) as PCollection<F>
}

/** The node, or a projection of it into the first one's order of columns. */
function aligned(step: Step, want: AnySchema, place: number): Node {
  const { schema } = step.node
  const have = namesOf(schema)
  const subject = `collection ${place} of the flatten`
  for (const field of want.list) {
    const own: Field | undefined = schema.list[indexOf(schema, field.name)]
    if (own === undefined)
      return refuse(`${subject} lacks column ${quote(field.name)}`, {
        at: step.at,
        have,
        near: field.name,
      })
    if (
      !sameKind(own.kind, field.kind) ||
      own.kind.optional !== field.kind.optional ||
      !sameValues(own, field)
    )
      refuse(
        `${subject}: column ${quote(field.name)} is ${own.kind.name}, not ${field.kind.name}`,
        { at: step.at },
      )
  }
  const extra = have.find(name => indexOf(want, name) < 0)
  if (extra !== undefined)
    refuse(`${subject} has a column too many: ${quote(extra)}`, {
      at: step.at,
      have: namesOf(want),
    })
  const names = namesOf(want)
  if (names.every((name, i) => name === have[i])) return step.node
  return project(
    step,
    names.map(name => ({ name, from: name })),
    'reorder for flatten',
  )
}

const sameValues = (a: Field, b: Field): boolean =>
  [...(a.kind.values ?? [])].sort().join('\0') === [...(b.kind.values ?? [])].sort().join('\0')
