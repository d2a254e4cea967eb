/**
 * Column pruning: a column that nothing beyond an exchange reads is dropped before it, by a projection
 * put there; so it is neither shipped nor, where it came from a source, decoded. So is one before an
 * unnest, which would copy it for each element. Rows, their order and
 * their counts stay as they are; so does what a refused row looks like (`engine/plan/needs.ts`).
 *
 * A dry run over the first rows was the alternative for opaque functions: it sees only the branches
 * that those rows take, so a later read has to run a finished stage again. Reading the function's text
 * needs neither, and where it proves nothing all columns stay.
 */
import { schemaOf } from '../data/schema.ts'
import { isBoundary, isBroadcast } from '../plan/facts.ts'
import { is, type Node, type OperationType, type Plan } from '../plan/node.ts'
import { type Names, namesOf, needsOf, opOver, passedOn } from '../plan/needs.ts'
import { wantedOf } from '../plan/wanted.ts'
import { rebuild } from './rebuild.ts'

export function pruneColumns(plan: Plan): Plan {
  const wanted = wantedOf(plan)
  return rebuild(plan, (node, add) => {
    const old = plan.nodes[node.id] as Node
    const needs = needsOf(old, wanted.get(old) as Names)
    const inputs = node.inputs.map((input, i) =>
      crossesAt(node, i) || is(node, 'unnest')
        ? pruned(input, (needs[i] as Names) ?? namesOf(input), add)
        : input,
    )
    return over(old, { ...node, inputs } as Node)
  })
}

/** Whether the node's i-th input crosses an exchange as it is; what an aggregate ships are its partials. */
function crossesAt(node: Node, input: number): boolean {
  if (isBroadcast(node)) return input === 1
  return isBoundary(node) && !is(node, 'aggregate')
}

/** The input with only the columns that are needed. */
function pruned(input: Node, need: Names, add: (node: Node) => Node): Node {
  const list = input.schema.list.filter(f => need.has(f.name))
  if (list.length === input.schema.list.length) return input
  return add({
    id: 0,
    type: 'project',
    op: { columns: list.map(({ name }) => ({ name, from: name })) },
    inputs: [input],
    schema: schemaOf(list),
    name: `keep ${list.map(f => f.name).join(' ')}`,
    at: input.at,
    pruned: input.schema.list.filter(f => !need.has(f.name)).map(f => f.name),
  })
}

/** The node over inputs that may have lost columns: without those columns. */
function over(old: Node, node: Node): Node {
  const has = node.inputs.map(namesOf)
  const gone = namesOf(old.inputs[0] ?? old).difference(has[0] ?? namesOf(old))
  const narrower = old.inputs.some((input, i) => input.schema.list.length > (has[i] as Names).size)
  if (!narrower) return node
  const op = opOver(node) as never
  const passed = passedOn(old)
  const made = madeBy(old, op)
  const list = old.schema.list.filter(({ name }) => {
    if (!passed.has(name)) return made.has(name)
    return is(old, 'join') ? has[0]?.has(name) : has.every(names => names.has(name))
  })
  const schema = list.length === old.schema.list.length ? old.schema : schemaOf(list)
  const hidden = gone.size > 0 && VIEWING.has(old.type) ? { pruned: [...gone] } : {}
  return { ...node, op, schema, ...hidden }
}

/** Steps whose functions may be given less than the row that was written. */
const VIEWING: ReadonlySet<OperationType> = new Set<OperationType>(['filter', 'derive', 'map'])

/** Names of the columns that are not passed on, but that the node itself makes or renames. */
function madeBy(old: Node, op: Node['op']): Names {
  if (is(old, 'project')) return new Set((op as typeof old.op).columns.map(c => c.name))
  if (is(old, 'join')) return new Set((op as typeof old.op).right.map(c => c.name))
  return namesOf(old)
}
