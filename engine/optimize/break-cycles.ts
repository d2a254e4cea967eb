/**
 * A side input, and the broadcast side of a join, must be complete before the stage that reads it
 * starts. Where it is made from rows of that same stage (a share of a total), or two stages would wait
 * for each other, the reader gets a stage of its own: its rows are materialised first, in their order.
 */
import { isBoundary, isBroadcast, isSourceNode, sidesOf } from '../plan/facts.ts'
import type { Node, Plan } from '../plan/node.ts'
import { rebuild } from './rebuild.ts'

export function breakCycles(plan: Plan): Plan {
  const waits = new Map<Node, Set<Node>>()
  const heads = new Map<Node, ReadonlySet<Node>>()
  const reaches = (from: Node, to: Node, seen = new Set<Node>()): boolean => {
    if (from === to) return true
    if (seen.has(from)) return false
    seen.add(from)
    return [...(waits.get(from) ?? [])].some(next => reaches(next, to, seen))
  }
  const headsOf = (nodes: readonly Node[]): Set<Node> =>
    new Set(nodes.flatMap(n => [...(heads.get(n) ?? [n])]))
  const book = (node: Node, feeding: Iterable<Node>): void => {
    const own = isSourceNode(node) || isBoundary(node) ? new Set([node]) : headsOf(mainInputs(node))
    heads.set(node, own)
    for (const head of own) {
      const known = waits.get(head) ?? new Set()
      for (const feeder of feeding) known.add(feeder)
      waits.set(head, known)
    }
  }

  return rebuild(plan, (node, add) => {
    const held = [
      ...sidesOf(node).map(s => s.side.of),
      ...(isBroadcast(node) ? [node.inputs[1] as Node] : []),
    ]
    const feeding = headsOf(held)
    const own = headsOf(mainInputs(node))
    const circular = [...feeding].some(f => [...own].some(o => reaches(f, o)))
    const [first, ...others] = node.inputs
    let result = node
    if (held.length > 0 && circular && first) {
      const apart = add({
        ...first,
        type: 'reshuffle',
        op: { ordered: true },
        inputs: [first],
        name: `materialise for ${node.name}`,
        at: node.at,
      })
      book(apart, headsOf([first]))
      result = { ...node, inputs: [apart, ...others] }
    }
    const boundary = isBoundary(result)
    const made = add(result)
    book(made, boundary ? headsOf([...made.inputs, ...held]) : feeding)
    return made
  })
}

/** The inputs whose rows pass through the node. */
const mainInputs = (node: Node): readonly Node[] =>
  isBroadcast(node) ? node.inputs.slice(0, 1) : node.inputs
