/**
 * The oracle: a plan run the plain way, node by node, over arrays of row objects in memory. It knows
 * nothing of batches, stages or threads, and shares no kernel with the fast path; the conformance
 * suite runs each case through both and compares rows, their order and their account. Small inputs
 * only. Sources are read by the caller.
 */
import { passes } from '../io/condition.ts'
import { fieldOf } from '../data/schema.ts'
import { is, type Node, type Plan, type Row, type Side } from '../plan/node.ts'
import { rowJson, rowResult } from './kernel.ts'
import { aggregated } from './oracle/aggregated.ts'
import { join } from './oracle/join.ts'
import { unnested } from './oracle/unnested.ts'
import { firsts, groups, pick, sorted, stored } from './oracle/rows.ts'

export interface Interpreted {
  /** Rows by node id; a write has its input's. */
  readonly rows: ReadonlyMap<number, readonly Row[]>
  readonly rejected: readonly {
    readonly node: number
    readonly reason: string
    readonly raw: string
  }[]
  readonly dropped: ReadonlyMap<string, number>
}

/** `read` gives the rows of a source node. Throws what user code throws. */
export async function interpret(
  plan: Plan,
  read: (node: Node<'read'>) => readonly Row[],
): Promise<Interpreted> {
  const run = new Interpreter(read)
  for (const node of inOrder(plan)) run.rows.set(node.id, await run.node(node, plan))
  return run
}

/** Nodes after their inputs; those that read rejects after all that can refuse rows. */
function inOrder(plan: Plan): readonly Node[] {
  const late = new Set<Node>()
  for (const node of plan.nodes)
    if (node.type === 'rejects' || node.inputs.some(n => late.has(n))) late.add(node)
  return [...plan.nodes.filter(n => !late.has(n)), ...late]
}

class Interpreter implements Interpreted {
  readonly rows = new Map<number, readonly Row[]>()
  readonly rejected: { node: number; reason: string; raw: string }[] = []
  readonly dropped = new Map<string, number>()
  readonly #tagged = new Map<number, Map<string, Row[]>>()
  readonly #read: (node: Node<'read'>) => readonly Row[]

  constructor(read: (node: Node<'read'>) => readonly Row[]) {
    this.#read = read
  }

  async node(node: Node, plan: Plan): Promise<readonly Row[]> {
    const input = (i = 0): readonly Row[] =>
      this.rows.get((node.inputs[i] as Node).id) as readonly Row[]
    if (is(node, 'read')) return this.#read(node)
    if (is(node, 'create')) return node.op.rows.map(r => stored(node.schema, r))
    if (is(node, 'filter'))
      return this.#each(node, input(), row =>
        node.op.fn(row) === true ? [row] : this.#drop(node, node.op.reason),
      )
    if (is(node, 'where'))
      return input().filter(
        r => node.op.tests.every(t => passes(t, r[t.column])) || !this.#drop(node, node.op.reason),
      )
    if (is(node, 'dropNulls'))
      return input().filter(
        r => node.op.columns.every(c => r[c] !== null) || !this.#drop(node, node.op.reason),
      )
    if (is(node, 'fillNulls'))
      return input().map(r => {
        const filled = { ...r }
        for (const { column, value } of node.op.values)
          if (filled[column] === null) filled[column] = value
        return stored(node.schema, filled)
      })
    if (is(node, 'derive')) {
      const sides = this.#sides(node.op.sides, node)
      return this.#each(node, input(), row => {
        const derived = Object.fromEntries(node.op.columns.map(c => [c.name, c.fn(row, sides)]))
        return [stored(node.schema, { ...row, ...derived }, false)]
      })
    }
    if (is(node, 'project'))
      return input().map(r => Object.fromEntries(node.op.columns.map(c => [c.name, r[c.from]])))
    if (is(node, 'map')) {
      const sides = this.#sides(node.op.sides, node)
      return this.#each(node, input(), row => [
        stored(node.schema, rowResult(node.schema, node.op.fn(row, sides))),
      ])
    }
    if (is(node, 'unnest')) return input().flatMap(row => unnested(node, row))
    if (is(node, 'flatMap')) {
      const sides = this.#sides(node.op.sides, node)
      return this.#each(node, input(), row =>
        [...(node.op.fn(row, sides) as Iterable<object>)].map(r => stored(node.schema, r)),
      )
    }
    if (is(node, 'mapAsync')) {
      const results: Row[] = []
      for (const row of input())
        results.push(
          ...(await this.#asyncRow(node, row, async () =>
            stored(node.schema, (await node.op.fn(row)) as object),
          )),
        )
      return results
    }
    if (is(node, 'parDo')) return this.#parDo(node, input())
    if (is(node, 'partition')) return this.#partition(node, input())
    if (is(node, 'output'))
      return this.#tagged.get((node.inputs[0] as Node).id)?.get(node.op.tag) ?? []
    if (is(node, 'distinct'))
      return firsts(
        input(),
        node.schema.list.map(f => f.name),
      )
    if (is(node, 'distinctBy')) {
      const { keys, keep, by } = node.op
      return [...groups(input(), keys).values()].map(rows => pick(rows, by, keep === 'last'))
    }
    if (is(node, 'aggregate')) return this.#aggregate(node, input())
    if (is(node, 'top')) {
      const { keys, n, order, rank } = node.op
      return [...groups(input(), keys).values()].flatMap(rows =>
        sorted(rows, [order])
          .slice(0, n)
          .map((r, i) => (rank === null ? r : { ...r, [rank]: i + 1 })),
      )
    }
    if (is(node, 'groupFlatMap')) {
      const { keys, sort, fn } = node.op
      return [...groups(input(), keys).values()].flatMap(rows => {
        const key = Object.fromEntries(keys.map(k => [k, (rows[0] as Row)[k]]))
        const made = fn(key, sort ? sorted(rows, [sort]) : rows) as Iterable<object>
        return [...made].map(r => stored(node.schema, r))
      })
    }
    if (is(node, 'join')) return join(node, input(0), input(1))
    if (is(node, 'coGroup')) return this.#coGroup(node)
    if (is(node, 'flatten')) return node.inputs.flatMap((_, i) => input(i))
    if (is(node, 'reshuffle') || is(node, 'write')) return input()
    if (is(node, 'sortBy')) return sorted(input(), node.op.sort)
    if (is(node, 'reify'))
      return input().map(r => ({
        ...r,
        ...Object.fromEntries(node.op.columns.map(c => [c.name, null])),
      }))
    if (is(node, 'rejects')) {
      const of = node.inputs[0]?.id
      const mine = this.rejected.filter(r => of === undefined || r.node === of)
      const step = (id: number) => (plan.nodes[id] as Node).name
      const place = { column: null, source: null, line: null, offset: null }
      return mine.map(r => ({ step: step(r.node), reason: r.reason, ...place, raw: r.raw }))
    }
    throw new Error(`the interpreter does not know ${node.type}`)
  }

  #drop(node: Node, reason: string): true & never[] {
    const id = `${node.id} ${reason}`
    this.dropped.set(id, (this.dropped.get(id) ?? 0) + 1)
    return [] as unknown as true & never[]
  }

  #each(node: Node, rows: readonly Row[], fn: (row: Row) => Row[]): Row[] {
    const results: Row[] = []
    for (const row of rows) {
      try {
        results.push(...fn(row))
      } catch (error) {
        this.#refuse(node, row, error)
      }
    }
    return results
  }

  async #asyncRow(node: Node, row: Row, fn: () => Promise<Row>): Promise<Row[]> {
    try {
      return [await fn()]
    } catch (error) {
      this.#refuse(node, row, error)
      return []
    }
  }

  /** The row goes to the dead letter, or the run ends. */
  #refuse(node: Node, row: Row, error: unknown): void {
    if (!('onError' in node.op) || node.op.onError !== 'deadLetter') throw error
    this.rejected.push({ node: node.id, reason: (error as Error).message, raw: rowJson(row) })
  }

  #sides(sides: readonly { name: string; side: Side }[], _node: Node): unknown {
    if (sides.length === 0) return undefined
    return Object.fromEntries(sides.map(({ name, side }) => [name, this.#view(side)]))
  }

  #view(side: Side): unknown {
    const rows = this.rows.get(side.of.id) as readonly Row[]
    if (side.view === 'list') return rows
    if (side.view === 'singleton') return rows[0]
    const key = side.key as string
    if (side.view === 'map') return new Map(rows.map(r => [r[key], r]))
    const map = new Map<unknown, Row[]>()
    for (const row of rows) map.set(row[key], [...(map.get(row[key]) ?? []), row])
    return map
  }

  async #parDo(node: Node<'parDo'>, rows: readonly Row[]): Promise<Row[]> {
    const { op } = node
    const tagged = new Map<string, Row[]>(op.tags.map(t => [t.tag, []]))
    this.#tagged.set(node.id, tagged)
    const emits = Object.fromEntries(
      op.tags.map(({ tag, schema }) => [
        tag,
        (row: object) => (tagged.get(tag) as Row[]).push(stored(schema, rowResult(schema, row))),
      ]),
    )
    const resource = await op.setup?.()
    const context = {
      emit: op.single ? Object.values(emits)[0] : emits,
      side: this.#sides(op.sides, node) ?? {},
      resource,
      count() {},
      reject(reason: string) {
        throw new RejectedRow(reason)
      },
    }
    op.startBundle?.(context)
    for (const row of rows) {
      const before = new Map([...tagged].map(([tag, into]) => [tag, into.length]))
      try {
        await op.process(row, context)
      } catch (error) {
        for (const [tag, into] of tagged) into.length = before.get(tag) as number
        if (!(error instanceof RejectedRow)) this.#refuse(node, row, error)
        else this.rejected.push({ node: node.id, reason: error.message, raw: rowJson(row) })
      }
    }
    await op.finishBundle?.(context)
    await op.teardown?.(resource)
    return []
  }

  #partition(node: Node<'partition'>, rows: readonly Row[]): Row[] {
    const tagged = new Map<string, Row[]>(node.op.names.map(n => [n, []]))
    this.#tagged.set(node.id, tagged)
    for (const row of rows) {
      const into = tagged.get(node.op.fn(row) as string)
      if (!into) throw new TypeError(`expected one of ${node.op.names.join(', ')}`)
      into.push(row)
    }
    return []
  }

  #aggregate(node: Node<'aggregate'>, input: readonly Row[]): Row[] {
    const { keys, aggregates } = node.op
    const from = (node.inputs[0] as Node).schema
    const all = keys.length === 0 ? new Map([['', [...input]]]) : groups(input, keys)
    return [...all.values()].map(rows => {
      const out: Record<string, unknown> = {}
      for (const key of keys) out[key] = (rows[0] as Row)[key]
      for (const { name, aggregate } of aggregates)
        out[name] = aggregated(aggregate, rows, { from, kind: fieldOf(node.schema, name).kind })
      return Object.fromEntries(node.schema.list.map(f => [f.name, out[f.name]]))
    })
  }

  #coGroup(node: Node<'coGroup'>): Row[] {
    const { keys, tags, fn } = node.op
    const byTag = node.inputs.map(n => groups(this.rows.get(n.id) as readonly Row[], keys))
    const seen = new Set(byTag.flatMap(g => [...g.keys()]))
    return [...seen].flatMap(id => {
      const lists = byTag.map(g => g.get(id) ?? [])
      const [any] = lists.flat()
      const key = Object.fromEntries(keys.map(k => [k, (any as Row)[k]]))
      const group = { key, ...Object.fromEntries(tags.map((tag, i) => [tag, lists[i]])) }
      return [...(fn(group) as Iterable<object>)].map(r => stored(node.schema, r))
    })
  }
}

class RejectedRow extends Error {}
