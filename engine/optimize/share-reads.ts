/**
 * Common reads are shared: two reads of the same source with the same options become one, whose rows
 * feed both. Counts stay with the steps that follow.
 */
import { is, type Node, type Plan } from '../plan/node.ts'
import { rebuild } from './rebuild.ts'

export function shareReads(plan: Plan): Plan {
  const seen = new Map<string, Node>()
  return rebuild(plan, node => {
    if (!is(node, 'read')) return node
    const known = seen.get(node.op.source.fingerprint)
    if (!known) seen.set(node.op.source.fingerprint, node)
    return known ?? node
  })
}
