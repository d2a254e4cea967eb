/**
 * Pipelines whose operators hold many rows: each operator that can spill has its case. They run with
 * much memory and with little, on one worker and on several, and must answer the same.
 */
import { coGroupByKey, combineFn, flatten, type PCollection, schema, t } from 'millrace'
import type { Order, Visit } from './big-input.ts'

// biome-ignore lint/suspicious/noExplicitAny: collections of whatever fields
type Collections = Record<string, PCollection<any>>
export interface Big {
  readonly orders: PCollection<(typeof Order)['fields']>
  readonly visits: PCollection<(typeof Visit)['fields']>
}
export type BigCase = (b: Big) => Collections

const Amount = schema({ amount: t.float64 })
const Group = schema({
  customer: t.utf8.nullable,
  rows: t.int32,
  total: t.float64,
  last: t.utf8.nullable,
})

const columnar = combineFn(Amount, {
  accumulator: schema({ n: t.float64, total: t.float64 }),
  output: t.float64,
  createAccumulator: () => ({ n: 0, total: 0 }),
  addInput: (a, r) => ({ n: a.n + 1, total: a.total + r.amount }),
  mergeAccumulators: (a, b) => ({ n: a.n + b.n, total: a.total + b.total }),
  extractOutput: a => a.total / (a.n + 1),
})

/** Its accumulator is a Map, which travels by v8.serialize. */
const opaque = combineFn(Amount, {
  output: t.int32,
  createAccumulator: () => new Map<number, number>(),
  addInput(a, r) {
    const digits = Math.trunc(Math.log10(Math.abs(r.amount) + 1))
    return a.set(digits, (a.get(digits) ?? 0) + 1)
  },
  mergeAccumulators(a, b) {
    for (const [digits, n] of b) a.set(digits, (a.get(digits) ?? 0) + n)
    return a
  },
  extractOutput: a => Math.max(0, ...a.values()) * 100 + a.size,
})

const narrow = (orders: Big['orders']) => orders.select('id', 'customer', 'amount', 'note')

export const bigCases: Readonly<Record<string, BigCase>> = {
  'group-by': ({ orders }) => ({
    out: orders.groupBy('customer').aggregate(g => ({
      rows: g.count(),
      total: g.sum('amount'),
      mean: g.mean('amount'),
      exact: g.sum('price'),
      least: g.min('note'),
      last: g.last('note', { by: 'at' }),
    })),
  }),
  'group-by-few': ({ orders }) => ({
    out: orders.groupBy('country', 'day').aggregate(g => ({
      total: g.sum('amount'),
      mean: g.mean('amount'),
      ids: g.countDistinct('id'),
    })),
  }),
  'count-distinct': ({ orders }) => ({
    byCustomer: orders.groupBy('customer').aggregate(g => ({ notes: g.countDistinct('note') })),
    hot: orders.groupBy('hot').aggregate(g => ({ notes: g.countDistinct('note'), n: g.count() })),
    all: orders.aggregate(g => ({
      notes: g.countDistinct('note'),
      customers: g.countDistinct('customer'),
    })),
  }),
  'combine-columnar': ({ orders }) => ({
    out: orders.groupBy('customer').aggregate(g => ({ share: g.combine(columnar) })),
  }),
  'combine-opaque': ({ orders }) => ({
    out: orders.groupBy('customer').aggregate(g => ({ digits: g.combine(opaque) })),
  }),
  distinct: ({ orders }) => ({ out: orders.select('customer', 'note', 'day').distinct() }),
  'distinct-by': ({ orders }) => ({
    last: orders.distinctBy('customer', { keep: 'last', by: 'at' }),
    first: orders.distinctBy(['note', 'country'], { keep: 'first', by: 'price' }),
  }),
  'join-inner': ({ orders, visits }) => ({
    out: narrow(orders).join(visits, { on: 'customer', hint: 'partition' }),
  }),
  'join-left': ({ orders, visits }) => ({
    out: narrow(orders).leftJoin(visits, { on: 'customer', hint: 'partition' }),
  }),
  'join-full': ({ orders, visits }) => ({
    out: narrow(orders).fullJoin(visits, { on: 'customer', hint: 'partition' }),
  }),
  'join-semi': ({ orders, visits }) => ({
    out: narrow(orders).semiJoin(visits, { on: 'customer', hint: 'partition' }),
  }),
  'join-anti': ({ orders, visits }) => ({
    out: narrow(orders).antiJoin(visits, { on: 'customer', hint: 'partition' }),
  }),
  'co-group': ({ orders, visits }) => ({
    out: coGroupByKey({ orders, visits }, 'customer').flatMap(Group, g => {
      const rows = [...g.orders]
      let total = 0
      for (const v of g.visits) total += v.seconds
      for (const r of rows) total += r.amount
      return [
        { customer: g.key.customer, rows: rows.length, total, last: rows.at(-1)?.note ?? null },
      ]
    }),
  }),
  'group-flat-map': ({ orders }) => ({
    out: orders.groupBy('customer').flatMap(
      Group,
      function* ({ customer }, found) {
        let [rows, total] = [0, 0]
        let last: string | null = null
        for (const r of found) {
          rows++
          total += r.amount
          last = r.note
        }
        yield { customer, rows, total, last }
      },
      { sort: { by: 'amount', order: 'desc' } },
    ),
  }),
  top: ({ orders }) => ({
    out: orders.groupBy('customer').top(2, { by: 'amount', order: 'desc', rank: 'rank' }),
  }),
  sort: ({ orders }) => ({ out: orders.sortBy('country', { by: 'note', order: 'desc' }, 'id') }),
}

/** Where rows of several collections, stages or steps meet on their way to a file. */
export const meetings: Readonly<Record<string, BigCase>> = {
  flattened: ({ orders, visits }) => {
    const both = flatten(
      orders.select('customer', 'amount'),
      visits.rename({ seconds: 'amount' }).select('customer', 'amount'),
      orders.distinctBy('customer', { keep: 'last', by: 'amount' }).select('customer', 'amount'),
    )
    return {
      out: both,
      sums: both.groupBy('customer').aggregate(g => ({ total: g.sum('amount') })),
    }
  },
  'after-a-join': ({ orders, visits }) => {
    const joined = narrow(orders).join(visits, { on: 'customer', hint: 'partition' })
    return {
      out: flatten(
        joined,
        joined.filter(r => r.id % 2 === 0),
      ),
      total: joined.aggregate(g => ({ amount: g.sum('amount'), seconds: g.sum('seconds') })),
      few: joined.groupBy('page').aggregate(g => ({ total: g.sum('amount') })),
    }
  },
}
