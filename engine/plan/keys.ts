/** The columns, by input, that a node compares: its keys, its orders, the folders of its files. */
import { is, type Node } from './node.ts'

type Names = readonly string[]

export function keysOf(node: Node): readonly Names[] {
  if (is(node, 'distinctBy')) return [[...node.op.keys, node.op.by]]
  if (is(node, 'aggregate')) return [[...node.op.keys, ...orders(node)]]
  if (is(node, 'top')) return [[...node.op.keys, node.op.order.by]]
  if (is(node, 'groupFlatMap'))
    return [[...node.op.keys, ...(node.op.sort ? [node.op.sort.by] : [])]]
  if (is(node, 'join')) return [node.op.leftKeys, node.op.rightKeys]
  if (is(node, 'coGroup')) return node.inputs.map(() => node.op.keys)
  if (is(node, 'sortBy')) return [node.op.sort.map(o => o.by)]
  if (is(node, 'write')) return [node.op.sink.columns]
  return []
}

/** Columns that an aggregate takes the least or greatest of. */
const orders = ({ op }: Node<'aggregate'>): Names =>
  op.aggregates.flatMap(({ aggregate: { name, column, by } }) => [
    ...(by === null ? [] : [by]),
    ...(column !== null && (name === 'min' || name === 'max') ? [column] : []),
  ])
