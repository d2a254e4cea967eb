/**
 * Cuts a logical plan into stages. A stage is all that lies between exchanges: it starts at a head
 * (a source, or an operation that needs its rows brought together) and fuses the row-wise nodes that
 * follow, up to the next exchanges, writes and side inputs. A node behind a `flatten` belongs to each
 * stage that feeds it. The cut depends on the plan alone, so each thread makes the same one.
 */
import type { AnySchema } from '../data/schema.ts'
import { isBoundary, isBroadcast, isGroupedWrite, isSourceNode, sidesOf } from '../plan/facts.ts'
import { is, type Node, type Plan } from '../plan/node.ts'
import { layoutOf } from './aggregate/layout.ts'
import { STEP_TYPES } from './kernel-source.ts'

/** Rows brought together by key (or all in one place), materialised between two stages. */
export interface Exchange {
  readonly id: number
  readonly schema: AnySchema
  /** Columns of `schema` whose equal values meet; empty: one partition. */
  readonly keys: readonly string[]
  /** The node that reads it, and for which of its inputs. */
  readonly to: Node
  readonly purpose: 'head' | 'broadcast' | 'side'
  readonly name: string
}

/** Where rows leave a stage. */
export interface Terminal {
  readonly type: 'exchange' | 'aggregate' | 'write'
  readonly from: Node
  /** The boundary node or write node. */
  readonly node: Node
  /** One for an exchange; partials and pairs for an aggregate; none for a write. */
  readonly exchanges: readonly Exchange[]
}

export interface Stage {
  readonly id: number
  readonly name: string
  readonly head: Node
  /** What the head reads: none for a source. */
  readonly inputs: readonly Exchange[]
  /** Row-wise nodes, by id. */
  readonly nodes: readonly Node[]
  readonly terminals: readonly Terminal[]
  /** Exchanges that every task reads whole: broadcast sides of joins, side inputs. */
  readonly shared: readonly Exchange[]
}

export interface Stages {
  readonly plan: Plan
  /** In an order in which each comes after those that feed it. */
  readonly stages: readonly Stage[]
  readonly exchanges: readonly Exchange[]
}

export const isStep = (node: Node): boolean => STEP_TYPES.has(node.type)

/** The columns by which a boundary brings its i-th input's rows together. */
function keysOf(node: Node, input: number): readonly string[] {
  if (is(node, 'distinct')) return node.schema.list.map(f => f.name)
  if (is(node, 'distinctBy') || is(node, 'top') || is(node, 'groupFlatMap')) return node.op.keys
  if (is(node, 'join')) return input === 0 ? node.op.leftKeys : node.op.rightKeys
  if (is(node, 'coGroup')) return node.op.keys
  if (is(node, 'write') && node.op.sink.sink === 'files') return node.op.sink.options.partitionBy
  return []
}

export function cutStages(plan: Plan): Stages {
  const exchanges: Exchange[] = []
  const incoming = new Map<string, readonly Exchange[]>()

  /** The exchange(s) of a node's input: one set, however many stages feed it. */
  const into = (
    node: Node,
    purpose: Exchange['purpose'],
    schema: AnySchema,
    keys: readonly string[],
    what = '',
  ) => {
    const exchange = {
      id: exchanges.length,
      schema,
      keys,
      to: node,
      purpose,
      name: `${node.name}${what}`,
    }
    exchanges.push(exchange)
    return exchange
  }
  const exchangesInto = (
    node: Node,
    input: number,
    purpose: Exchange['purpose'],
  ): readonly Exchange[] => {
    const id = `${node.id} ${input} ${purpose}`
    const known = incoming.get(id)
    if (known) return known
    const from = (purpose === 'side' ? node : node.inputs[input]) as Node
    let made: readonly Exchange[]
    if (is(node, 'aggregate') && purpose === 'head') {
      const layout = layoutOf(node, from.schema)
      made = [layout.partials, ...layout.pairs].map((s, i) =>
        into(node, purpose, s, layout.keys, i > 0 ? ': distinct values' : ''),
      )
    } else {
      const keys = purpose === 'head' ? keysOf(node, input) : []
      made = [into(node, purpose, from.schema, keys, sideName(node, input))]
    }
    incoming.set(id, made)
    return made
  }

  const consumers = consumersOf(plan)
  const stages: Stage[] = []
  for (const head of plan.nodes) {
    if (!isSourceNode(head) && !isBoundary(head)) continue
    const nodes: Node[] = []
    const terminals: Terminal[] = []
    const shared: Exchange[] = []
    const visit = (node: Node): void => {
      if (nodes.includes(node)) return
      if (node !== head) nodes.push(node)
      for (const { side } of sidesOf(node)) shared.push(...exchangesInto(side.of, 0, 'side'))
      if (isBroadcast(node)) shared.push(...exchangesInto(node, 1, 'broadcast'))
      if (is(node, 'write') && isGroupedWrite(node)) return
      for (const { to, input } of consumers.get(node) ?? []) {
        if (input === SIDE)
          terminals.push({
            type: 'exchange',
            from: node,
            node,
            exchanges: exchangesInto(node, 0, 'side'),
          })
        else if (isBroadcast(to) && input === 1)
          terminals.push({
            type: 'exchange',
            from: node,
            node: to,
            exchanges: exchangesInto(to, 1, 'broadcast'),
          })
        else if (isBoundary(to)) {
          const type = to.type === 'aggregate' ? 'aggregate' : 'exchange'
          terminals.push({
            type,
            from: node,
            node: to,
            exchanges: exchangesInto(to, input, 'head'),
          })
        } else if (is(to, 'write'))
          terminals.push({ type: 'write', from: node, node: to, exchanges: [] })
        else visit(to)
      }
    }
    visit(head)
    const inputs = isSourceNode(head)
      ? []
      : head.inputs.flatMap((_, input) => exchangesInto(head, input, 'head'))
    stages.push({
      id: stages.length,
      name: head.name,
      head,
      inputs,
      nodes,
      terminals,
      shared: [...new Set(shared)],
    })
  }
  return { plan, stages: ordered(stages), exchanges }
}

function sideName(node: Node, input: number): string {
  if (is(node, 'join')) return input === 0 ? ': left side' : ': right side'
  return is(node, 'coGroup') ? `: ${node.op.tags[input]}` : ''
}

const SIDE = -1

function consumersOf(plan: Plan): Map<Node, { to: Node; input: number }[]> {
  const consumers = new Map<Node, { to: Node; input: number }[]>()
  const add = (from: Node, to: Node, input: number) => {
    const list = consumers.get(from) ?? []
    consumers.set(from, list)
    if (input !== SIDE || !list.some(c => c.input === SIDE)) list.push({ to, input })
  }
  for (const node of plan.nodes) {
    if (node.type !== 'rejects') node.inputs.forEach((from, input) => add(from, node, input))
    for (const { side } of sidesOf(node)) add(side.of, node, SIDE)
  }
  return consumers
}

/** Stages by what they wait for; rejects come after all that can refuse rows. */
function ordered(stages: readonly Stage[]): Stage[] {
  const done = new Set<Stage>()
  const result: Stage[] = []
  const waitsFor = (stage: Stage): Stage[] => feedersOf(stages, stage)
  const visit = (stage: Stage, path: readonly Stage[]): void => {
    if (done.has(stage) || path.includes(stage)) return
    for (const feeder of waitsFor(stage)) visit(feeder, [...path, stage])
    done.add(stage)
    result.push(stage)
  }
  for (const stage of stages) visit(stage, [])
  return result.map((stage, id) => ({ ...stage, id }))
}

/** The stages that must be done before this one starts. */
export function feedersOf(stages: readonly Stage[], stage: Stage): Stage[] {
  const wanted = new Set([...stage.inputs, ...stage.shared].map(e => e.id))
  const feeds = stages.filter(s => s.terminals.some(t => t.exchanges.some(e => wanted.has(e.id))))
  if (stage.head.type !== 'rejects') {
    if (is(stage.head, 'readWritten')) {
      const { written } = stage.head.op
      return [
        ...feeds,
        ...stages.filter(s => s.head === written || s.terminals.some(t => t.node === written)),
      ]
    }
    return feeds
  }
  const [of] = stage.head.inputs
  const refusing = of ? stages.filter(s => s.head === of || s.nodes.includes(of)) : stages
  const own = downstreamOf(stages, stage)
  return [...feeds, ...refusing.filter(s => !own.has(s))]
}

/** A stage and all that its rows reach. */
function downstreamOf(stages: readonly Stage[], stage: Stage): Set<Stage> {
  const reached = new Set<Stage>([stage])
  for (const s of reached)
    for (const next of stages) {
      const fed = [...next.inputs, ...next.shared].some(e =>
        s.terminals.some(t => t.exchanges.includes(e)),
      )
      if (fed) reached.add(next)
    }
  return reached
}
