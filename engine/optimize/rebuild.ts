/** A plan with some nodes replaced by others: what reads them is made anew and numbered anew. */
import { is, type Node, type OperationType, type Plan, type Sides } from '../plan/node.ts'

/**
 * Applies `change` to each node, inputs first; it answers the node to use in its place: itself, a
 * changed copy, or an earlier node of the new plan, which drops it. `add` puts a new node before it.
 */
export function rebuild(plan: Plan, change: (node: Node, add: (node: Node) => Node) => Node): Plan {
  const made = new Map<Node, Node>()
  const nodes: Node[] = []
  const now = (node: Node): Node => made.get(node) ?? node
  const add = (node: Node): Node => {
    const placed = { ...node, id: nodes.length }
    nodes.push(placed)
    return placed
  }
  for (const node of plan.nodes) {
    const moved: Node = {
      ...node,
      inputs: node.inputs.map(now),
      op: moveOp(node, now),
    }
    const result = change(moved, add)
    made.set(node, nodes.includes(result) ? result : add(result))
  }
  return { ...plan, nodes, publishes: plan.publishes.map(group => group.map(now)) }
}

/** The operation with the nodes that it names replaced: side inputs, tables read back. */
function moveOp(node: Node, now: (node: Node) => Node): Node<OperationType>['op'] {
  if (is(node, 'readWritten')) return { written: now(node.op.written) }
  if (!('sides' in node.op) || node.op.sides.length === 0) return node.op
  const sides: Sides = node.op.sides.map(s => ({ ...s, side: { ...s.side, of: now(s.side.of) } }))
  return { ...node.op, sides }
}
