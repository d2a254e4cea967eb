/** Facts of nodes that the optimizer and the cut into stages read: where stages begin, what is held. */
import { is, type Node, type OperationType, type Side } from './node.ts'

const SOURCES: ReadonlySet<OperationType> = new Set(['read', 'readWritten', 'create', 'rejects'])
const BOUNDARIES: ReadonlySet<OperationType> = new Set([
  'distinct',
  'distinctBy',
  'aggregate',
  'top',
  'groupFlatMap',
  'join',
  'coGroup',
  'reshuffle',
  'sortBy',
])

export const isSourceNode = (node: Node): boolean => SOURCES.has(node.type)

/** A join whose right side is small is probed in passing; it is no boundary then. */
export const isBroadcast = (node: Node): boolean =>
  is(node, 'join') && node.op.hint === 'broadcast' && node.op.kind !== 'full'

/** Writes that bring rows together first: by partition value, or sorted. */
export function isGroupedWrite(node: Node): boolean {
  if (!is(node, 'write') || node.op.sink.sink !== 'files') return false
  const { partitionBy, sortBy } = node.op.sink.options
  return partitionBy.length > 0 || sortBy.length > 0
}

export const isBoundary = (node: Node): boolean =>
  (BOUNDARIES.has(node.type) && !isBroadcast(node)) || isGroupedWrite(node)

/** The side inputs that a node's functions see. */
export const sidesOf = (node: Node): readonly { name: string; side: Side }[] =>
  'sides' in node.op ? node.op.sides : []
