/** Which columns of each node something reads: the needs of all that follows it, from the outputs back. */
import { bytesPerRow, isText } from '../data/column.ts'
import type { Kind } from '../data/kind.ts'
import type { AnySchema } from '../data/schema.ts'
import { sidesOf } from './facts.ts'
import { type Names, namesOf, needsOf } from './needs.ts'
import type { Node, Plan } from './node.ts'

/** Side inputs are wanted whole. */
export function wantedOf(plan: Plan): ReadonlyMap<Node, Names> {
  const wanted = new Map<Node, Set<string>>(plan.nodes.map(n => [n, new Set()]))
  const want = (node: Node, names: Names): void => {
    for (const name of names) wanted.get(node)?.add(name)
  }
  for (const node of plan.nodes.toReversed()) {
    const own = wanted.get(node) as Set<string>
    // Rows without any column could not be told from no rows.
    if (own.size === 0 && node.schema.list.length > 0) own.add(cheapest(node.schema))
    needsOf(node, own).forEach((names, i) => {
      want(node.inputs[i] as Node, names)
    })
    for (const { side } of sidesOf(node)) want(side.of, namesOf(side.of))
  }
  return wanted
}

/** The column that takes least, the first of equals. */
function cheapest({ list }: AnySchema): string {
  const bytes = list.map(f => costOf(f.kind))
  return list[bytes.indexOf(Math.min(...bytes))]?.name as string
}

/** Text costs its bytes too, which nobody knows: more than any number. */
const costOf = (kind: Kind): number =>
  bytesPerRow(kind) + (kind.optional ? 1 : 0) + (isText(kind) ? 100 : 0)
