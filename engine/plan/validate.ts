/** What can only be checked once the whole plan is there: outputs that clash, tables published twice. */
import type { AnySink } from '../io/sink.ts'
import type { Graph } from './graph.ts'
import { is, type Node } from './node.ts'
import { quote, refuse } from './refuse.ts'

/** Throws pipeline. */
export function validate(graph: Graph): void {
  checkOutputs(graph.nodes.filter(node => is(node, 'write')))
  checkPublishes(graph)
}

/** Two writes into one place would each replace what the other wrote. */
function checkOutputs(writes: readonly Node<'write'>[]): void {
  const places = new Map<string, Node>()
  for (const node of writes) {
    const place = placeOf(node.op.sink)
    const other = places.get(place)
    if (other !== undefined)
      refuse(`output ${quote(place)} is written twice`, {
        at: node.at,
        detail: [`also  ${other.at}`],
        hint: 'flatten the collections and write once, or give each its own output',
      })
    places.set(place, node)
  }
}

export function placeOf(sink: AnySink): string {
  const uri = sink.uri
    .replace(/^file:\/\//, '')
    .replace(/^(\.\/)+/, '')
    .replace(/\/+$/, '')
  return sink.sink === 'table' ? `${uri} ${sink.table}` : uri
}

function checkPublishes(graph: Graph): void {
  const published = new Map<Node, string>()
  for (const { writes, at } of graph.publishes)
    for (const node of writes) {
      const before = published.get(node)
      if (before !== undefined)
        refuse(`${node.name} is published twice`, {
          at,
          detail: [`also  ${before}`],
          hint: 'name all tables that belong together in one p.publish(…)',
        })
      published.set(node, at)
    }
}
