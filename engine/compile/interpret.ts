/**
 * The oracle: a plan run the plain way, node by node, over arrays of row objects in memory. It knows
 * nothing of batches, stages or threads, and shares no kernel with the fast path; the conformance
 * suite runs each case through both and compares rows, their order and their account. Small inputs
 * only. Sources are read by the caller.
 */
import { newColumn } from '../data/column.ts'
import { compare } from '../data/compare.ts'
import { passes } from '../io/condition.ts'
import type { Kind } from '../data/kind.ts'
import { type AnySchema, fieldOf } from '../data/schema.ts'
import { POW10, readUnits, readValue, textUnits, wideToNumber, writeUnits } from '../data/value.ts'
import type { Aggregate } from '../plan/aggregate.ts'
import { is, type Node, type Order, type Plan, type Row, type Side } from '../plan/node.ts'
import { rowJson, rowResult } from './kernel.ts'
import { writeNamed } from './write-code.ts'

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

/** A row as its columns would hold and give it back: rounded, checked. `named`: faults say which column. */
export function stored(schema: AnySchema, row: object, named = true): Row {
  return Object.fromEntries(
    schema.list.map(({ name, kind }) => {
      const column = newColumn(kind, 1)
      writeNamed(column, 0, (row as Row)[name], named ? name : undefined)
      return [name, readValue(column, 0)]
    }),
  )
}

/** Equal keys have equal text: null is a key, NaN equals NaN, -0 equals 0. */
export function keyText(row: Row, keys: readonly string[]): string {
  return JSON.stringify(
    keys.map(k => {
      const v = row[k]
      if (typeof v === 'bigint') return `n${v}`
      if (v instanceof Uint8Array) return `b${Buffer.from(v).toString('hex')}`
      if (typeof v === 'number') return `f${v + 0}`
      return v === null ? null : `${typeof v}${v}`
    }),
  )
}

function groups(rows: readonly Row[], keys: readonly string[]): Map<string, Row[]> {
  const map = new Map<string, Row[]>()
  for (const row of rows) {
    const id = keyText(row, keys)
    const known = map.get(id)
    if (known) known.push(row)
    else map.set(id, [row])
  }
  return map
}

const firsts = (rows: readonly Row[], keys: readonly string[]): Row[] =>
  [...groups(rows, keys).values()].map(g => g[0] as Row)

/** A null `by` comes before all others; ties go by position. */
function pick(rows: readonly Row[], by: string, last: boolean): Row {
  let best = rows[0] as Row
  for (const row of rows.slice(1)) {
    const order = nullsFirst(row[by], best[by])
    if (last ? order >= 0 : order < 0) best = row
  }
  return best
}

function nullsFirst(a: unknown, b: unknown): number {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1)
  return compare(a, b)
}

/** Stable; nulls last in either direction. */
export function sorted(rows: readonly Row[], sort: readonly Order[]): Row[] {
  return [...rows].sort((x, y) => {
    for (const { by, order } of sort) {
      const [a, b] = [x[by], y[by]]
      if (a === null || b === null) {
        if (a !== b) return a === null ? 1 : -1
        continue
      }
      const c = compare(a, b)
      if (c !== 0) return order === 'asc' ? c : -c
    }
    return 0
  })
}

function aggregated(
  a: Aggregate,
  rows: readonly Row[],
  o: { from: AnySchema; kind: Kind },
): unknown {
  const kept = rows.filter(r => a.where.every(t => passes(t, r[t.column])))
  if (a.name === 'count') return kept.length
  if (a.name === 'combine') {
    const fn = a.combine as NonNullable<typeof a.combine>
    let acc = fn.createAccumulator()
    for (const row of kept) acc = fn.addInput(acc, row)
    return fn.extractOutput(acc)
  }
  const column = a.column as string
  const present = kept.filter(r => r[column] !== null)
  if (a.name === 'countDistinct') return new Set(present.map(r => keyText(r, [column]))).size
  if (a.name === 'first' || a.name === 'last')
    return kept.length === 0 ? null : pick(kept, a.by as string, a.name === 'last')[column]
  if (a.name === 'sum' || a.name === 'mean')
    return total(
      a,
      present.map(r => r[column]),
      { ...o, column },
    )
  let best: unknown = null
  for (const { [column]: v } of present) {
    const c = best === null ? 1 : compare(v, best)
    if (best === null || (a.name === 'max' ? c > 0 : c < 0)) best = v
  }
  return best
}

function total(
  a: Aggregate,
  values: unknown[],
  o: { from: AnySchema; kind: Kind; column: string },
): unknown {
  const kind = fieldOf(o.from, o.column).kind
  if (values.length === 0) return o.kind.optional ? null : kind.tag === 'bigint' ? 0n : 0
  if (kind.tag === 'bigint') {
    const sum = (values as bigint[]).reduce((x, y) => x + y, 0n)
    return a.name === 'sum' ? sum : Number(sum) / values.length
  }
  if (kind.tag === 'decimal') {
    const units = (values as number[]).reduce((x, y) => x + textUnits(y, kind.scale), 0n)
    if (a.name === 'mean') return Number(units) / values.length / (POW10[kind.scale] as number)
    const column = newColumn(o.kind, 1)
    writeUnits(column, 0, units)
    return wideToNumber(o.kind, readUnits(column, 0))
  }
  const sum = (values as number[]).reduce((x, y) => x + y, 0)
  return a.name === 'sum' ? sum : sum / values.length
}

function join(node: Node<'join'>, left: readonly Row[], right: readonly Row[]): Row[] {
  const { kind, leftKeys, rightKeys, right: kept } = node.op
  const nulls = Object.fromEntries(kept.map(p => [p.name, null]))
  const index = groups(
    right.filter(r => rightKeys.every(k => r[k] !== null)),
    rightKeys,
  )
  const used = new Set<Row>()
  const matchesOf = (row: Row): readonly Row[] => {
    if (leftKeys.some(k => row[k] === null)) return []
    const matches = index.get(keyText(row, leftKeys)) ?? []
    for (const m of matches) used.add(m)
    return matches
  }
  const taken = (row: Row): Row => Object.fromEntries(kept.map(p => [p.name, row[p.from]]))
  const result: Row[] = left.flatMap(row => {
    const matches = matchesOf(row)
    if (kind === 'semi') return matches.length > 0 ? [row] : []
    if (kind === 'anti') return matches.length > 0 ? [] : [row]
    if (matches.length === 0) return kind === 'inner' ? [] : [{ ...row, ...nulls }]
    return matches.map(m => ({ ...row, ...taken(m) }))
  })
  if (kind !== 'full') return result
  const leftNames = (node.inputs[0] as Node).schema.list.map(f => f.name)
  for (const row of right) {
    if (used.has(row)) continue
    const empty = Object.fromEntries(leftNames.map(n => [n, null]))
    const keys = Object.fromEntries(leftKeys.map((k, i) => [k, row[rightKeys[i] as string]]))
    result.push({ ...empty, ...keys, ...taken(row) })
  }
  return result
}
