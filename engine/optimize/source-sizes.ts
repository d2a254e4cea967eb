/**
 * How large the sources are that decide how a join runs: asked once, on the coordinator, before the
 * plan is optimized, so that each thread makes the same plan whatever becomes of the files.
 */
import { Fault } from '../fault.ts'
import { is, type Node, type Plan } from '../plan/node.ts'
import { rebuild } from './rebuild.ts'

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

/** The node whose rows the right side of a join has, or some of them. */
export function originOf(join: Node<'join'>): Node {
  let node = join.inputs[1] as Node
  while (NARROWING.has(node.type)) node = node.inputs[0] as Node
  return node
}

/** How large a source is at most, by its node in the plan as it was built. */
export interface SourceSize {
  readonly node: number
  readonly bytesMax: number
}

/** Asks the sources whose size decides how a join runs. Unknown where its files cannot be listed: planning the run's inputs says why. */
export function sourceSizes(plan: Plan): SourceSize[] {
  const sizes = new Map<number, number>()
  for (const join of plan.nodes) {
    if (!is(join, 'join') || join.op.hint !== null || join.op.kind === 'full') continue
    const origin = originOf(join)
    if (is(origin, 'read') && !sizes.has(origin.id)) sizes.set(origin.id, bytesMaxOf(origin))
  }
  return [...sizes].map(([node, bytesMax]) => ({ node, bytesMax }))
}

function bytesMaxOf({ op: { source } }: Node<'read'>): number {
  try {
    return source.bytesMax?.() ?? Infinity
  } catch (error) {
    if (error instanceof Fault) return Infinity
    throw error
  }
}

/** The plan as built, with what was asked of its sources. */
export function sized(plan: Plan, sizes: readonly SourceSize[]): Plan {
  if (sizes.length === 0) return plan
  const known = new Map(sizes.map(({ node, bytesMax }) => [node, bytesMax]))
  return rebuild(plan, node => {
    const bytesMax = known.get(node.id)
    return bytesMax === undefined || !is(node, 'read')
      ? node
      : { ...node, op: { ...node.op, bytesMax } }
  })
}
