/**
 * Join choice: where the right side is known to be small, because its rows stand in the pipeline
 * itself, each task holds all of it and the left side crosses no exchange. A hint decides before any rule.
 */
import { is, type Node, type Plan } from '../plan/node.ts'
import { rebuild } from './rebuild.ts'

const ROWS_MAX = 10_000
/** Operations that never make more rows than they are given. */
const NARROWING: ReadonlySet<string> = new Set([
  'filter',
  'where',
  'dropNulls',
  'fillNulls',
  'derive',
  'project',
  'map',
  'distinct',
  'distinctBy',
  'aggregate',
])

export function broadcastSmall(plan: Plan): Plan {
  return rebuild(plan, node => {
    if (!is(node, 'join') || node.op.hint !== null || node.op.kind === 'full') return node
    return small(node.inputs[1] as Node) ? { ...node, op: { ...node.op, hint: 'broadcast' } } : node
  })
}

function small(node: Node): boolean {
  if (is(node, 'create')) return node.op.rows.length <= ROWS_MAX
  return NARROWING.has(node.type) && small(node.inputs[0] as Node)
}
