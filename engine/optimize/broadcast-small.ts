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
  'top',
  'sortBy',
  'reshuffle',
  'reify',
])

export function broadcastSmall(plan: Plan): Plan {
  return rebuild(plan, node => {
    if (!is(node, 'join')) return node
    const { hint, kind } = node.op
    if (hint !== null) return { ...node, why: 'as hinted' }
    if (kind === 'full') return { ...node, why: 'a full join gives its right rows once' }
    const rows = rowsMax(node.inputs[1] as Node)
    if (rows > ROWS_MAX) return { ...node, why: whyNot(rows) }
    const why = `the right side has at most ${rows} rows`
    return { ...node, op: { ...node.op, hint: 'broadcast' }, why }
  })
}

const whyNot = (rows: number): string =>
  rows === Infinity
    ? "the right side's size is not known before the run"
    : `the right side may have ${rows} rows, more than ${ROWS_MAX}`

/** How many rows a node yields at most. */
function rowsMax(node: Node): number {
  if (is(node, 'create')) return node.op.rows.length
  return NARROWING.has(node.type) ? rowsMax(node.inputs[0] as Node) : Infinity
}
