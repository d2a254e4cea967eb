/** What the types of each verb come to, exactly. Compiles without an error; never run. */
// biome-ignore-all format: a case a line
import { coGroupByKey, combineFn, flatten, param, pipeline, schema, t } from 'millrace'
import type { Agg, Fields, Float64, Int32, Pipeline, PCollection, Row, RowOf, SideInput, Utf8 } from 'millrace'
import { csv, table } from 'millrace/io'

type Eq<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function is<A, B>(x: Eq<A, B>): void
declare const p: Pipeline
const A = schema({ id: t.utf8, qty: t.int32, price: t.decimal(10, 2), at: t.timestamp, who: t.int32.nullable })
const B = schema({ id: t.utf8, name: t.utf8, big: t.bigint, at: t.timestamp })
const N = schema({ id: t.utf8.nullable, label: t.utf8 })
const a = p.read(csv('a', A))
const b = p.read(csv('b', B))
const n = p.read(csv('n', N))
const flat = <F extends Fields>(_: PCollection<F>) => null! as { [K in keyof F]: F[K]['value'] }

is<Row<typeof A>, { readonly id: string; readonly qty: number; readonly price: number; readonly at: number; readonly who: number | null }>(true)
is<RowOf<typeof B.fields>, Row<typeof b>>(true)

const j = flat(a.leftJoin(b, { on: 'id', prefix: 'b_' }))
is<typeof j, { id: string; qty: number; price: number; at: number; who: number | null; b_name: string | null; b_big: bigint | null; b_at: number | null }>(true)
const i = flat(a.select('id', 'who').join(b.select('id', 'name'), { on: 'id' }))
is<typeof i, { id: string; who: number | null; name: string }>(true)
const f = flat(a.select('id', 'qty').fullJoin(b.select('id', 'name'), { on: { id: 'id' } }))
is<typeof f, { id: string; qty: number | null; name: string | null }>(true)
const fn = flat(a.select('id', 'qty').fullJoin(n, { on: ['id'] }))
is<typeof fn, { id: string | null; qty: number | null; label: string | null }>(true)
const fm = flat(a.select('id', 'qty').fullJoin(n, { on: { id: 'label' }, prefix: 'n_' }))
is<typeof fm, { id: string; qty: number | null; n_id: string | null }>(true)
const sj = a.semiJoin(b, { on: ['id', 'at'] })
is<typeof sj, typeof a>(true)

const r = flat(b.rename({ name: 'label' }))
is<typeof r, { id: string; label: string; big: bigint; at: number }>(true)
const swapped = flat(b.rename({ name: 'id', id: 'name' }).select('id', 'name'))
is<typeof swapped, { id: string; name: string }>(true)
const d = flat(a.dropNulls('who').select('who'))
is<typeof d, { who: number }>(true)
const filled = flat(a.fillNulls({ who: 0 }).select('who'))
is<typeof filled, { who: number }>(true)
const dropped = flat(a.drop('qty', 'price', 'at'))
is<typeof dropped, { id: string; who: number | null }>(true)

const g = flat(b.groupBy('name').aggregate(g => ({ s: g.sum('big'), m: g.max('at'), n: g.count(), d: g.countDistinct('id', { where: { name: 'x' } }) })))
is<typeof g, { name: string; s: bigint; m: number; n: number; d: number }>(true)
const s = flat(a.groupBy('id').aggregate(g => ({ s: g.sum('who'), m: g.mean('who'), w: g.mean('qty', { where: { qty: { gt: 0 } } }), l: g.last('who', { by: 'at' }) })))
is<typeof s, { id: string; s: number | null; m: number | null; w: number | null; l: number | null }>(true)
const whole = flat(a.aggregate(g => ({ n: g.count(), s: g.sum('qty'), m: g.mean('qty'), x: g.max('at') })))
is<typeof whole, { n: number; s: number; m: number | null; x: number | null }>(true)

const spread = combineFn(schema({ qty: t.int32 }), {
  accumulator: schema({ low: t.float64, high: t.float64 }),
  output: t.float64,
  createAccumulator: () => ({ low: Infinity, high: -Infinity }),
  addInput: (x, r) => ({ low: Math.min(x.low, r.qty), high: Math.max(x.high, r.qty) }),
  mergeAccumulators: (x, y) => ({ low: Math.min(x.low, y.low), high: Math.max(x.high, y.high) }),
  extractOutput: x => x.high - x.low,
})
const ids = combineFn(schema({ id: t.utf8 }), {
  output: t.int32,
  createAccumulator: () => new Set<string>(),
  addInput: (set, r) => set.add(r.id),
  mergeAccumulators: (x, y) => new Set([...x, ...y]),
  extractOutput: set => set.size,
})
const combined = flat(a.groupBy('id').aggregate(g => ({ spread: g.combine(spread), ids: g.combine(ids) })))
is<typeof combined, { id: string; spread: number; ids: number }>(true)
a.groupBy('id').aggregate(g => { const m = g.mean('qty'); is<typeof m, Agg<Float64>>(true); return { m } })

const k = flat(b.groupBy('name').top(3, { by: 'at', rank: 'rank' }))
is<typeof k.rank, number>(true)
const k2 = flat(b.groupBy('name').top(3, { by: 'at' }))
is<keyof typeof k2, 'id' | 'name' | 'big' | 'at'>(true)
const rf = flat(b.reify({ file: 'sourceUri', at: 'runId' }))
is<typeof rf.file, string>(true)
const dd = flat(b.derive({ name: [t.int32.nullable, r => { is<typeof r.name, string>(true); return r.name.length }] }))
is<typeof dd.name, number | null>(true)
b.groupBy('name').flatMap(B, (key, rows) => { is<typeof key, { readonly name: string }>(true); for (const x of rows) is<typeof x.big, bigint>(true); return rows }, { sort: { by: 'at' } })

const out = a.parDo({
  output: { x: B, y: schema({ q: t.int32 }) },
  side: { names: b.asMap('id') },
  setup: () => ({ open: 1 }),
  process(row, c) {
    is<typeof row.qty, number>(true)
    is<typeof c.resource.open, number>(true)
    const named = c.side.names.get(row.id)
    is<typeof named, Row<typeof B> | undefined>(true)
    c.emit.y({ q: row.qty })
  },
})
is<typeof out.y, PCollection<{ q: Int32 }>>(true)
const single = a.parDo({ output: B, process(row, c) { c.emit({ id: row.id, name: '', big: 1n, at: row.at }) } })
is<typeof single, typeof b>(true)
const parts = a.partition(['x', 'y'], r => (r.qty > 0 ? 'x' : 'y'))
is<typeof parts, { readonly x: typeof a; readonly y: typeof a }>(true)
const many = b.asMultimap('name')
is<typeof many, SideInput<ReadonlyMap<string, readonly Row<typeof B>[]>>>(true)

coGroupByKey({ a, b }, 'id').flatMap(B, ({ key, a, b }) => { for (const x of a) is<typeof x.qty, number>(true); is<typeof key.id, string>(true); return b })
pipeline({
  name: 'x',
  params: { n: param.number(3), m: param.oneOf(['x', 'y']), on: param.flag(), at: param.date() },
  build(_, a, run) {
    is<typeof a.n, number>(true)
    is<typeof a.m, 'x' | 'y'>(true)
    is<typeof a.on, boolean>(true)
    is<typeof a.at, number>(true)
    is<typeof run.startedAt, number>(true)
  },
})
pipeline({
  name: 'hourly',
  every: { cron: '5 * * * *', timeZone: 'Europe/Berlin' },
  build(_, __, { interval }) {
    is<typeof interval.start, number>(true)
  },
})
const fl = flatten(a.select('id'), b.select('id'))
is<typeof fl, PCollection<{ id: Utf8 }>>(true)
const again = p.read(b.write(table('w', 't', { mode: 'merge', key: ['id'], latest: 'at' })))
is<typeof again, typeof b>(true)
const composed = a.apply(c => [c.select('id'), c.select('qty')] as const)
is<(typeof composed)[1], PCollection<{ qty: Int32 }>>(true)

const Lines = schema({ id: t.utf8, sku: t.utf8, lines: t.list(t.struct(schema({ sku: t.utf8, n: t.int32.nullable }))), tags: t.list(t.utf8), at: t.struct(schema({ city: t.utf8 })).nullable, any: t.json })
const o = p.read(csv('o', Lines))
is<Row<typeof Lines>['lines'], readonly { readonly sku: string; readonly n: number | null }[]>(true)
is<Row<typeof Lines>['at'], { readonly city: string } | null>(true)
const u = flat(o.drop('at', 'tags', 'any').unnest('lines', { prefix: 'l_' }))
is<typeof u, { id: string; sku: string; l_sku: string; l_n: number | null }>(true)
const u2 = flat(o.select('id', 'lines').unnest('lines'))
is<typeof u2, { id: string; sku: string; n: number | null }>(true)
const u3 = flat(o.select('id', 'lines').unnest('lines', { keepEmpty: true }))
is<typeof u3, { id: string; sku: string | null; n: number | null }>(true)
const u4 = flat(o.select('id', 'tags').unnest('tags'))
is<typeof u4, { id: string; tags: string }>(true)
const u5 = flat(o.select('id', 'at').unpack('at', { prefix: 'at_' }))
is<typeof u5, { id: string; at_city: string | null }>(true)
