/** What can only be checked once the whole plan is there: outputs that clash, tables published twice. */
import { dirname, relative, resolve } from 'node:path'
import { isNested } from '../data/kind.ts'
import type { AnySink } from '../io/sink.ts'
import type { Graph } from './graph.ts'
import { keysOf } from './keys.ts'
import { is, type Node } from './node.ts'
import { quote, refuse } from './refuse.ts'

/** Throws pipeline. */
export function validate(graph: Graph): void {
  for (const node of graph.nodes) checkKeys(node)
  checkOutputs(graph.nodes.filter(node => is(node, 'write')))
  checkPublishes(graph)
}

/** What has parts has no order, and is no key. */
function checkKeys(node: Node): void {
  keysOf(node).forEach((names, input) => {
    const { list } = (node.inputs[input] as Node).schema
    const found = list.find(({ name, kind }) => isNested(kind) && names.includes(name))
    if (found === undefined) return
    const what = `column ${quote(found.name)} is a ${found.kind.tag}`
    refuse(`${what}, which is no key and has no order`, {
      at: node.at,
      hint: 'derive a column of a plain kind from it, or unnest or unpack it',
    })
  })
}

/**
 * Two writes into one place would each replace what the other wrote; an output folder is replaced as a
 * whole, so what lies within it, another output or a warehouse's file, would be gone.
 */
function checkOutputs(writes: readonly Node<'write'>[]): void {
  const places = new Map<string, Node>()
  const folders = new Map<string, Node<'write'>>()
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
    if (node.op.sink.sink === 'files') folders.set(pathOf(node.op.sink.uri), node)
  }
  for (const node of writes) checkNested(node, folders)
}

function checkNested(node: Node<'write'>, folders: ReadonlyMap<string, Node<'write'>>): void {
  const { uri } = node.op.sink
  for (let path = dirname(pathOf(uri)); ; path = dirname(path)) {
    const outer = folders.get(path)
    if (outer !== undefined)
      refuse(`output ${quote(uri)} lies within output ${quote(outer.op.sink.uri)}`, {
        at: node.at,
        detail: [`also  ${outer.at}`],
        hint: 'an output folder is replaced as a whole: give each a folder of its own, side by side',
      })
    if (dirname(path) === path) return
  }
}

/** A table's URI may name a system before the path of its file: `duckdb:out/x.duckdb`. */
const pathOf = (uri: string): string =>
  isRemote(uri) ? uri : resolve(uri.replace(/^(?:file:\/\/|[a-z]+:(?!\/\/))/i, ''))

/** Names of an object store are taken as they are. */
const isRemote = (uri: string): boolean => /^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(uri)

export function placeOf(sink: AnySink): string {
  const local = sink.sink === 'files' && !isRemote(sink.uri)
  const path = local ? relative('', pathOf(sink.uri)) : sink.uri
  return sink.sink === 'table' ? `${path} ${sink.table}` : path
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
  for (const group of graph.publishes) checkOneWarehouse(group)
}

/** No transaction spans two warehouses. */
function checkOneWarehouse({ writes, at }: Graph['publishes'][number]): void {
  const tables = writes.filter(n => is(n, 'write')).filter(n => n.op.sink.sink === 'table')
  const other = tables.find(n => n.op.sink.uri !== tables[0]?.op.sink.uri)
  if (other === undefined) return
  refuse('tables of two warehouses cannot appear together', {
    at,
    detail: tables.map(n => `table  ${placeOf(n.op.sink)} (${n.at})`).slice(0, 5),
    hint: 'publish those of each warehouse in a p.publish(…) of their own',
  })
}
