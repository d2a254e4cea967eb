/**
 * Random pipelines from lists of numbers, for holding an optimized plan against the plan as written:
 * each number picks a verb and what it is given. Steps are named in order, so that both plans' accounts
 * can be compared step by step. A list means the same pipeline each time it is built.
 */
import { flatten, type PCollection, type Pipeline, schema, t } from 'millrace'
import { parquet } from 'millrace/io'

// biome-ignore lint/suspicious/noExplicitAny: collections of whatever fields
type Any = PCollection<any>
type Verb = (c: Any, d: Draw) => Any | null

export const Row = schema({
  id: t.int32,
  k: t.int32,
  text: t.utf8.nullable,
  word: t.utf8,
  x: t.float64.nullable,
  price: t.decimal(12, 2).nullable,
})
const Small = schema({ k: t.int32, label: t.utf8, weight: t.int32 })
const small = Array.from({ length: 24 }, (_, i) => ({ k: i % 20, label: `l${i % 5}`, weight: i }))

/** Draws from a list of numbers; from 0 when it is at its end. */
export class Draw {
  #at = 0
  readonly #numbers: readonly number[]
  constructor(numbers: readonly number[]) {
    this.#numbers = numbers
  }
  below(n: number): number {
    return (this.#numbers[this.#at++] ?? 0) % n
  }
  get ended(): boolean {
    return this.#at >= this.#numbers.length
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }
}

const names = (c: Any): string[] => c.schema.list.map((f: { name: string }) => f.name)
const kindOf = (c: Any, name: string) => c.schema.fields[name]
const numeric = (c: Any): string[] =>
  names(c).filter(n => ['int32', 'float64', 'decimal', 'int64'].includes(kindOf(c, n).tag))
const whole = (c: Any): string[] => names(c).filter(n => kindOf(c, n).tag === 'int32')
const optional = (c: Any): string[] => names(c).filter(n => kindOf(c, n).optional)

/** A function whose text is that of a lambda in a file: the optimizer reads it. */
const lambda = (text: string) => new Function(`return ${text}`)() as never

/** A number of a row's column, in a lambda of one shape or another: some show what they read, some do not. */
function numberText(c: Any, d: Draw): string {
  const column = d.of(numeric(c))
  const shapes = [
    `r => Math.floor(r.${column} ?? -1)`,
    `r => { const v = r.${column}; return v === null ? 7 : Math.floor(v) }`,
    `({ ${column}: v }) => Math.floor(v ?? 3)`,
    `r => Math.floor(r[${JSON.stringify(column)}] ?? 0)`,
    `r => JSON.stringify(Object.keys({ ...r })).length % 97`,
  ]
  return d.of(shapes)
}

function testsOf(c: Any, d: Draw): object {
  const column = d.of(numeric(c))
  const value = column === 'id' ? d.below(6200) : d.below(40)
  const tests = [{ gt: value }, { gte: value }, { lt: value }, { lte: value }, { not: value }]
  const all = [...tests, { in: [value, value + 1, 3] }, { eq: value }]
  return { [column]: d.of(all) }
}

const verbs: Readonly<Record<string, Verb>> = {
  where: (c, d) => c.where(testsOf(c, d) as never, { reason: `where ${d.below(3)}` }),
  whereText: (c, d) =>
    names(c).includes('word') ? c.where({ word: { gte: d.of(['a', 'm', 'z']) } } as never) : null,
  filter: (c, d) =>
    c.filter(lambda(`r => (${numberText(c, d)})(r) % ${d.below(5) + 2} !== 0`), {
      reason: `filter ${d.below(3)}`,
    }),
  filterView: (c, d) =>
    c.filter(lambda(`r => r.${d.of(numeric(c))} !== ${d.below(9)}`), { reason: 'view' }),
  derive: (c, d) => c.derive({ [`v${d.below(4)}`]: [t.int32, lambda(numberText(c, d))] }),
  refuse: (c, d) => {
    const text = `r => { if (r.${d.of(numeric(c))} === ${d.below(6)}) throw new Error('no'); return 1 }`
    return c.derive({ one: [t.int32, lambda(text)] }, { onError: 'deadLetter' })
  },
  map: (c, d) => {
    const column = d.of(numeric(c))
    const out = schema({ id: t.int32, k: t.int32, x: t.float64.nullable })
    const k = whole(c).includes('k') ? 'r.k' : '1'
    return c.map(
      out,
      lambda(`r => ({ id: Math.floor(r.${column} ?? 0), k: ${k}, x: r.${column} })`),
    )
  },
  flatMap: (c, d) => {
    const out = schema({ id: t.int32, k: t.int32, part: t.int32 })
    const n = numberText(c, d)
    const text = `r => { const n = (${n})(r); return n % 3 === 0 ? [] : [{ id: n, k: Math.abs(n % 20), part: 0 }] }`
    return c.flatMap(out, lambda(text))
  },
  select: (c, d) => {
    const kept = names(c).filter((n, i) => n === 'id' || n === 'k' || (d.below(2) + i) % 2 === 0)
    return kept.length === 0 ? null : c.select(...(kept as never[]))
  },
  drop: (c, d) => {
    const name = d.of(names(c))
    return name === 'id' || name === 'k' ? null : c.drop(name as never)
  },
  rename: (c, d) => {
    const name = d.of(names(c))
    const to = `n${d.below(3)}`
    return name === 'k' || name === 'id' || names(c).includes(to)
      ? null
      : c.rename({ [name]: to } as never)
  },
  dropNulls: (c, d) => (optional(c).length ? c.dropNulls(d.of(optional(c)) as never) : null),
  fillNulls: (c, d) => {
    const column = optional(c).find(n => kindOf(c, n).tag === 'float64')
    return column ? c.fillNulls({ [column]: d.below(9) } as never) : null
  },
  distinct: c => c.distinct(),
  distinctBy: (c, d) =>
    c.distinctBy([d.of(names(c))] as never, {
      keep: d.of(['first', 'last'] as const),
      by: d.of(names(c)) as never,
    }),
  aggregate: (c, d) => {
    const [by, value] = [d.of(names(c)), d.of(numeric(c))]
    return c
      .groupBy(by as never)
      .aggregate(((g: never) => aggregates(g, value, d)) as never) as never
  },
  top: (c, d) => {
    const rank = names(c).includes('place') ? undefined : 'place'
    const by = d.of(numeric(c)) as never
    return c.groupBy(d.of(names(c)) as never).top(d.below(3) + 1, {
      by,
      order: d.of(['asc', 'desc'] as const),
      ...(rank && { rank: rank as never }),
    }) as never
  },
  sortBy: (c, d) => c.sortBy(d.of(names(c)) as never),
  reshuffle: c => c.reshuffle(),
  side: (c, d) => {
    const most = c.aggregate(((g: never) => aggregates(g, d.of(numeric(c)), d)) as never)
    const side = { most: (most as Any).asSingleton() }
    return c.derive(
      { share: [t.int32, lambda(`(r, s) => r.${d.of(whole(c))} + Object.keys(s.most).length`)] },
      { side } as never,
    )
  },
}

type Grouped = Record<string, (column?: string) => unknown>
function aggregates(g: Grouped, value: string, d: Draw): never {
  const made = { k: g['count']?.(), id: g['min']?.(value), sum: g['sum']?.(value) }
  return (d.below(2) === 0 ? made : { ...made, kinds: g['countDistinct']?.(value) }) as never
}

function joined(left: Any, others: readonly Any[], p: Pipeline, d: Draw): Any | null {
  if (!whole(left).includes('k')) return null
  const other = d.of(others)
  const right =
    d.below(2) === 0 || !whole(other).includes('k') || !names(other).includes('id')
      ? (p.create(Small, small) as Any)
      : other.distinctBy(['k'] as never, { keep: 'first', by: 'id' as never })
  const how = d.below(5)
  if (how === 0) return left.semiJoin(right, { on: 'k' } as never)
  if (how === 1) return left.antiJoin(right, { on: 'k' } as never)
  const o = { on: 'k', prefix: `j${d.below(99)}_` } as never
  if (how === 2) return left.leftJoin(right, o)
  return how === 3 ? left.fullJoin(right, o) : left.join(right, o)
}

/** Builds the pipeline of a list over the rows of a file; answers the collections to look at. */
export function randomPlan(
  p: Pipeline,
  file: string,
  numbers: readonly number[],
): Record<string, Any> {
  const d = new Draw(numbers)
  const reads = Array.from({ length: d.below(3) + 1 }, () => p.read(parquet(file, Row)) as Any)
  const collections = [...reads]
  // Often a where stands right behind the last read, which nobody else reads then.
  if (d.below(2) === 0)
    collections[reads.length - 1] = (reads.at(-1) as Any)
      .where(testsOf(reads.at(-1) as Any, d) as never, { reason: 'first' })
      .named('first where')
  const outputs: Record<string, Any> = {}
  for (let step = 0; !d.ended && step < 14; step++) {
    // The last is gone on with most often: chains are longer so.
    const c = d.below(3) > 0 ? (collections.at(-1) as Any) : d.of(collections)
    const made = stepOf(c, { collections, p, d })
    if (made === null) continue
    collections.push(made.named(`step ${step}`))
    if (d.below(5) === 0) outputs[`early ${step}`] = made
  }
  outputs['last'] = collections.at(-1) as Any
  outputs['rejects'] = p.rejects.select('step', 'reason', 'raw') as Any
  return outputs
}

interface Around {
  readonly collections: readonly Any[]
  readonly p: Pipeline
  readonly d: Draw
}

function stepOf(c: Any, { collections, p, d }: Around): Any | null {
  const which = d.below(Object.keys(verbs).length + 5)
  if (numeric(c).length === 0 || whole(c).length === 0) return null
  if (which < 3) return joined(c, collections, p, d)
  if (which === 3) {
    const [yes, no] = [
      c.where(testsOf(c, d) as never),
      c.filter(lambda(`r => r.${d.of(whole(c))} % 2 === 0`)),
    ]
    // Rows of both come in an order of their own: sorted by all columns, ties do not show.
    return flatten(yes, no)
      .distinct()
      .sortBy(...(names(c) as never[]))
  }
  if (which === 4) {
    const { home, away } = c.partition(
      ['home', 'away'],
      lambda(`r => r.${d.of(whole(c))} % 3 === 0 ? 'home' : 'away'`),
    )
    return d.below(2) === 0 ? home : away
  }
  return (Object.values(verbs)[which - 5] as Verb)(c, d)
}
