/**
 * Common reads are shared: two reads of the same source with the same options become one, whose rows
 * feed both. Counts stay with the steps that follow; a row is read, or rejected, once.
 */
import { is, type Node, type Plan } from '../plan/node.ts'
import { rebuild } from './rebuild.ts'

export function shareReads(plan: Plan): Plan {
  const seen = new Map<string, Node>()
  return rebuild(plan, (node, add) => {
    if (!is(node, 'read')) return node
    const { fingerprint } = node.op.source
    const shared = seen.get(fingerprint) ?? add(node)
    seen.set(fingerprint, shared)
    return shared
  })
}
