/**
 * The class behind `PCollection`: wires each verb to its file. A verb gets a step (the graph, the node
 * before the dot, where the user called) and answers a node; this class wraps the node.
 */
import type { Node } from '../engine/plan/node.ts'
import type { Graph } from '../engine/plan/graph.ts'
import { REJECTED } from '../engine/plan/rejected.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { aggregateAll, aggregateBy } from './aggregate.ts'
import { derive } from './derive.ts'
import { distinct, distinctBy } from './distinct.ts'
import { dropNulls } from './drop-nulls.ts'
import { fillNulls } from './fill-nulls.ts'
import { filter } from './filter.ts'
import { join, semiJoin } from './join.ts'
import { flatMap, map, mapAsync } from './map.ts'
import { parDo } from './par-do.ts'
import { partition } from './partition.ts'
import type { Grouped, PCollection } from './pcollection.ts'
import { drop, rename, select } from './project.ts'
import { reify } from './reify.ts'
import { reshuffle } from './reshuffle.ts'
import { asList, asMap, asMultimap, asSingleton } from './side.ts'
import { sortBy } from './sort-by.ts'
import { add, checkFunction, columnsOf, siteOf, type Step } from './step.ts'
import { groupFlatMap, top } from './top.ts'
import { unnest, unpack } from './unnest.ts'
import { where } from './where.ts'
import { write, type Written } from './write.ts'

// biome-ignore lint/suspicious/noExplicitAny: a collection of whatever fields
export type AnyCollection = PCollection<any>
/** A verb's arguments after the step. */
type After<V> = V extends (step: Step, ...args: infer A) => unknown ? A : never

export class Collection {
  readonly #graph: Graph
  readonly #node: Node

  constructor(graph: Graph, node: Node) {
    this.#graph = graph
    this.#node = node
  }

  /** The node of a collection. Throws pipeline: it is none, or another pipeline's. */
  static nodeOf(value: unknown, step: { at: string; graph?: Graph }): Node {
    const is = typeof value === 'object' && value !== null && #node in value
    if (!is) return refuse('the argument is not a collection', { at: step.at })
    if (step.graph && value.#graph !== step.graph)
      refuse('the collection belongs to another pipeline', { at: step.at })
    return value.#node
  }
  static graphOf(value: unknown, at: string): Graph {
    Collection.nodeOf(value, { at })
    return (value as Collection).#graph
  }

  get schema() {
    return this.#node.schema
  }
  get rejects(): AnyCollection {
    // What a parDo or partition refuses is refused before its outputs part.
    const from = this.#node.type === 'output' ? (this.#node.inputs[0] as Node) : this.#node
    const step = { graph: this.#graph, node: from, at: siteOf('.rejects') }
    return this.#wrap(
      add(step, 'rejects', { op: {}, name: `rejects of ${from.name}`, schema: REJECTED }),
    )
  }
  named(name: string): AnyCollection {
    if (typeof name !== 'string' || name === '')
      refuse(`${quote(name)} is no name`, { at: siteOf('.named') })
    this.#graph.rename(this.#node, name)
    return this as unknown as AnyCollection
  }

  filter(...a: After<typeof filter>) {
    return this.#wrap(filter(this.#step('.filter'), ...a))
  }
  where(...a: After<typeof where>) {
    return this.#wrap(where(this.#step('.where'), ...a))
  }
  dropNulls(...columns: string[]) {
    return this.#wrap(dropNulls(this.#step('.dropNulls'), columns))
  }
  fillNulls(...a: After<typeof fillNulls>) {
    return this.#wrap(fillNulls(this.#step('.fillNulls'), ...a))
  }
  derive(...a: After<typeof derive>) {
    return this.#wrap(derive(this.#step('.derive'), ...a))
  }
  select(...columns: string[]) {
    return this.#wrap(select(this.#step('.select'), columns))
  }
  drop(...columns: string[]) {
    return this.#wrap(drop(this.#step('.drop'), columns))
  }
  rename(...a: After<typeof rename>) {
    return this.#wrap(rename(this.#step('.rename'), ...a))
  }
  reify(...a: After<typeof reify>) {
    return this.#wrap(reify(this.#step('.reify'), ...a))
  }
  map(...a: After<typeof map>) {
    return this.#wrap(map(this.#step('.map'), ...a))
  }
  mapAsync(...a: After<typeof mapAsync>) {
    return this.#wrap(mapAsync(this.#step('.mapAsync'), ...a))
  }
  flatMap(...a: After<typeof flatMap>) {
    return this.#wrap(flatMap(this.#step('.flatMap'), ...a))
  }
  unnest(...a: After<typeof unnest>) {
    return this.#wrap(unnest(this.#step('.unnest'), ...a))
  }
  unpack(...a: After<typeof unpack>) {
    return this.#wrap(unpack(this.#step('.unpack'), ...a))
  }
  parDo(...a: After<typeof parDo>) {
    const { node, outputs } = parDo(this.#step('.parDo'), ...a)
    return outputs === null ? this.#wrap(node) : this.#wrapAll(outputs)
  }
  distinct() {
    return this.#wrap(distinct(this.#step('.distinct')))
  }
  distinctBy(...a: After<typeof distinctBy>) {
    return this.#wrap(distinctBy(this.#step('.distinctBy'), ...a))
  }
  groupBy(...keys: string[]): AnyGrouped {
    columnsOf(this.#step('.groupBy'), keys)
    return {
      aggregate: (fn: never) => this.#wrap(aggregateBy(this.#step('.aggregate'), keys, fn)),
      top: (n: number, o: never) => this.#wrap(top(this.#step('.top'), keys, n, o)),
      flatMap: (out: never, fn: never, o: never) =>
        this.#wrap(groupFlatMap(this.#step('.flatMap'), keys, out, fn, o)),
    } as unknown as AnyGrouped
  }
  aggregate(fn: never) {
    return this.#wrap(aggregateAll(this.#step('.aggregate'), fn))
  }
  join(right: unknown, o: never) {
    return this.#join('inner', '.join', right, o)
  }
  leftJoin(right: unknown, o: never) {
    return this.#join('left', '.leftJoin', right, o)
  }
  fullJoin(right: unknown, o: never) {
    return this.#join('full', '.fullJoin', right, o)
  }
  semiJoin(right: unknown, o: never) {
    return this.#semiJoin('semi', '.semiJoin', right, o)
  }
  antiJoin(right: unknown, o: never) {
    return this.#semiJoin('anti', '.antiJoin', right, o)
  }
  partition(...a: After<typeof partition>) {
    return this.#wrapAll(partition(this.#step('.partition'), ...a))
  }
  sortBy(...sort: After<typeof sortBy>[0]) {
    return this.#wrap(sortBy(this.#step('.sortBy'), sort))
  }
  reshuffle() {
    return this.#wrap(reshuffle(this.#step('.reshuffle')))
  }
  asSingleton() {
    return asSingleton(this.#step('.asSingleton'))
  }
  asList() {
    return asList(this.#step('.asList'))
  }
  asMap(key: string) {
    return asMap(this.#step('.asMap'), key)
  }
  asMultimap(key: string) {
    return asMultimap(this.#step('.asMultimap'), key)
  }
  apply(composite: (input: AnyCollection) => unknown) {
    checkFunction(this.#step('.apply'), composite, 'the composite')
    return composite(this as unknown as AnyCollection)
  }
  write(...a: After<typeof write>) {
    return new WrittenNode(this.#graph, write(this.#step('.write'), ...a))
  }

  #step(verb: string): Step {
    return { graph: this.#graph, node: this.#node, at: siteOf(verb) }
  }
  #join(kind: 'inner' | 'left' | 'full', verb: string, right: unknown, o: never) {
    const step = this.#step(verb)
    return this.#wrap(join(step, kind, Collection.nodeOf(right, step), o))
  }
  #semiJoin(kind: 'semi' | 'anti', verb: string, right: unknown, o: never) {
    const step = this.#step(verb)
    return this.#wrap(semiJoin(step, kind, Collection.nodeOf(right, step), o))
  }
  #wrap(node: Node): AnyCollection {
    return wrap(this.#graph, node)
  }
  #wrapAll(nodes: Readonly<Record<string, Node>>): Record<string, AnyCollection> {
    const all: Record<string, AnyCollection> = Object.create(null)
    for (const [name, node] of Object.entries(nodes)) all[name] = this.#wrap(node)
    return all
  }
}
// biome-ignore lint/suspicious/noExplicitAny: a grouping of whatever fields
type AnyGrouped = Grouped<any, any>

export const wrap = (graph: Graph, node: Node): AnyCollection =>
  new Collection(graph, node) as unknown as AnyCollection

/** What `write` answers. */
export class WrittenNode {
  readonly written: string
  readonly #graph: Graph
  readonly #node: Node

  constructor(graph: Graph, node: Node) {
    this.#graph = graph
    this.#node = node
    this.written = node.name.replace(/^write /, '')
  }
  get schema() {
    return this.#node.schema
  }
  /** The write behind the value, null where it is none. Throws pipeline: it is another pipeline's. */
  static nodeOf(value: unknown, graph: Graph, at: string): Node | null {
    if (typeof value !== 'object' || value === null || !(#node in value)) return null
    if (value.#graph !== graph) refuse('the table is written by another pipeline', { at })
    return value.#node
  }
}
export type AnyWritten = Written<never>
