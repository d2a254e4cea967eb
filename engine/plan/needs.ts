/**
 * What each operation needs of its inputs' columns, given which of its own columns are wanted: the
 * facts behind column pruning. Keys, aggregates, sort orders and tests name their columns; a function
 * may read any, unless its text proves which (`row-reads.ts`). A step with a dead letter needs all, as
 * a refused row is told whole.
 */
import { is, type Node, type Operations, type OperationType } from './node.ts'
import { rowReads } from './row-reads.ts'

export type Names = ReadonlySet<string>
/** By input of the node. */
type NeedsOf<T extends OperationType> = (node: Node<T>, wanted: Names) => readonly Names[]

const NONE: Names = new Set()
export const namesOf = (node: Node): Names => new Set(node.schema.list.map(f => f.name))
const all = (node: Node): readonly Names[] => node.inputs.map(namesOf)
const and = (wanted: Names, more: Iterable<string>): Names => new Set([...wanted, ...more])
const but = (wanted: Names, made: Iterable<string>): Names => wanted.difference(new Set(made))

/** What the functions of a step may read of its rows, all columns where that is not proven. */
function readsOf(node: Node, fns: readonly unknown[]): Names {
  const have = namesOf(node.inputs[0] as Node)
  if ('onError' in node.op && node.op.onError === 'deadLetter') return have
  const reads = fns.map(fn => rowReads(fn as () => unknown, have))
  return reads.reduce<Names>((sum, r) => (r === null ? have : and(sum, r)), NONE)
}

/** Names of the columns that an unnest makes, which come last. */
const partsOf = ({ inputs, schema }: Node): readonly string[] =>
  schema.list.slice((inputs[0] as Node).schema.list.length - 1).map(f => f.name)

const needs: { readonly [T in OperationType]: NeedsOf<T> } = {
  read: () => [],
  readWritten: () => [],
  create: () => [],
  rejects: node => node.inputs.map(() => NONE),
  filter: (node, wanted) => [and(wanted, readsOf(node, [node.op.fn]))],
  where: (node, wanted) => [
    and(
      wanted,
      node.op.tests.map(t => t.column),
    ),
  ],
  dropNulls: (node, wanted) => [and(wanted, node.op.columns)],
  fillNulls: (_, wanted) => [wanted],
  derive: (node, wanted) => [
    and(
      but(
        wanted,
        node.op.columns.map(c => c.name),
      ),
      readsOf(
        node,
        node.op.columns.map(c => c.fn),
      ),
    ),
  ],
  project: (node, wanted) => [
    new Set(node.op.columns.filter(c => wanted.has(c.name)).map(c => c.from)),
  ],
  reify: (node, wanted) => [
    but(
      wanted,
      node.op.columns.map(c => c.name),
    ),
  ],
  map: node => [readsOf(node, [node.op.fn])],
  unnest: (node, wanted) => [and(but(wanted, partsOf(node)), [node.op.column])],
  flatMap: all,
  mapAsync: all,
  parDo: all,
  partition: all,
  output: all,
  distinct: all,
  distinctBy: (node, wanted) => [and(wanted, [...node.op.keys, node.op.by])],
  aggregate: node => [aggregated(node)],
  top: (node, wanted) => {
    const { keys, order, rank } = node.op
    return [and(but(wanted, rank === null ? [] : [rank]), [...keys, order.by])]
  },
  groupFlatMap: all,
  join: (node, wanted) => {
    const { leftKeys, rightKeys, right } = node.op
    const left = namesOf(node.inputs[0] as Node)
    const kept = right.filter(c => wanted.has(c.name)).map(c => c.from)
    return [and(wanted.intersection(left), leftKeys), new Set([...rightKeys, ...kept])]
  },
  coGroup: all,
  flatten: (node, wanted) => node.inputs.map(() => wanted),
  reshuffle: (_, wanted) => [wanted],
  sortBy: (node, wanted) => [
    and(
      wanted,
      node.op.sort.map(o => o.by),
    ),
  ],
  write: all,
}

/** A combineFn is given whole rows. */
function aggregated(node: Node<'aggregate'>): Names {
  const { keys, aggregates } = node.op
  if (aggregates.some(a => a.aggregate.combine !== null)) return namesOf(node.inputs[0] as Node)
  const named = aggregates.flatMap(({ aggregate: a }) => [
    ...(a.column === null ? [] : [a.column]),
    ...(a.by === null ? [] : [a.by]),
    ...a.where.map(t => t.column),
  ])
  return new Set([...keys, ...named])
}

export const needsOf = (node: Node, wanted: Names): readonly Names[] =>
  (needs[node.type] as NeedsOf<OperationType>)(node, wanted)

/**
 * The operation without the columns that its inputs no longer have: renamings of them, values for
 * their nulls, the right side's columns of a join.
 */
export function opOver(node: Node): Operations[OperationType] {
  const [first, second] = node.inputs.map(namesOf)
  if (is(node, 'project')) return { columns: node.op.columns.filter(c => first?.has(c.from)) }
  if (is(node, 'fillNulls')) return { values: node.op.values.filter(v => first?.has(v.column)) }
  if (is(node, 'join')) return { ...node.op, right: node.op.right.filter(c => second?.has(c.from)) }
  return node.op
}

/** Names of the node's columns that are an input's, passed on under the same name. */
export function passedOn(node: Node): Names {
  const own = namesOf(node)
  if (is(node, 'derive') || is(node, 'reify'))
    return but(
      own,
      node.op.columns.map(c => c.name),
    )
  if (is(node, 'unnest')) return but(own, partsOf(node))
  if (is(node, 'top')) return but(own, node.op.rank === null ? [] : [node.op.rank])
  if (is(node, 'join')) return own.intersection(namesOf(node.inputs[0] as Node))
  return PASSING.has(node.type) ? own : NONE
}

const PASSING: ReadonlySet<OperationType> = new Set<OperationType>([
  'filter',
  'where',
  'dropNulls',
  'fillNulls',
  'distinct',
  'distinctBy',
  'flatten',
  'reshuffle',
  'sortBy',
])
