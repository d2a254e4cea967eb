/**
 * The conformance cases: each builds collections from the same rows, in public verbs. Every case runs
 * interpreted, and compiled in several settings; answers must be equal. Adding a case is adding a line.
 */
import {
  coGroupByKey,
  combineFn,
  flatten,
  type PCollection,
  type Pipeline,
  schema,
  t,
} from 'millrace'
import { Every, everyRows, Product, productRows } from './rows.ts'

// biome-ignore lint/suspicious/noExplicitAny: collections of whatever fields
type Collections = Record<string, PCollection<any>>
export interface Sample {
  readonly p: Pipeline
  readonly every: PCollection<(typeof Every)['fields']>
  readonly products: PCollection<(typeof Product)['fields']>
}
export type Case = (s: Sample) => Collections

export const ROWS = 1000

export const sample = (p: Pipeline): Sample => ({
  p,
  every: p.create(Every, everyRows(ROWS)),
  products: p.create(Product, productRows),
})

const Out = schema({ id: t.int32, label: t.utf8, twice: t.float64.nullable })
const Nest = schema({
  id: t.int32,
  group: t.utf8,
  all: t.struct(Every).nullable,
  list: t.list(t.struct(schema({ n: t.int64.nullable, text: t.utf8.nullable })).nullable),
  texts: t.list(t.utf8.nullable).nullable,
  json: t.json.nullable,
})
const Stats = schema({ group: t.utf8, rows: t.int32, first: t.int32.nullable })

const harmonic = combineFn(schema({ small: t.int32.nullable }), {
  accumulator: schema({ n: t.float64, inverse: t.float64 }),
  output: t.float64,
  createAccumulator: () => ({ n: 0, inverse: 0 }),
  addInput: (a, r) => (r.small ? { n: a.n + 1, inverse: a.inverse + 1 / Math.abs(r.small) } : a),
  mergeAccumulators: (a, b) => ({ n: a.n + b.n, inverse: a.inverse + b.inverse }),
  extractOutput: a => (a.n === 0 ? 0 : Math.round((a.n / a.inverse) * 1e6) / 1e6),
})

export const cases: Readonly<Record<string, Case>> = {
  'every kind passes through': ({ every }) => ({ out: every }),
  'filter sees values, drops by reason': ({ every }) => ({
    out: every
      .filter(r => r.small !== null && r.small > 0, { reason: 'not positive' })
      .filter(r => r.text !== 'a', { reason: 'a' }),
  }),
  'where on every kind': ({ every }) => ({
    bool: every.where({ flag: true }),
    int: every.where({ small: { gte: -3, lt: 9 } }),
    not: every.where({ small: { not: 4 } }),
    big: every.where({ big: { gt: 0 } }),
    huge: every.where({ huge: { lte: 0n } }),
    double: every.where({ double: { gt: 1 } }),
    zero: every.where({ double: 0 }),
    price: every.where({ price: { gt: 12.345, lte: 80 } }),
    wide: every.where({ wide: { gte: 5000 } }),
    text: every.where({ text: { in: ['a', '__proto__', ''] } }),
    less: every.where({ text: { lt: 'b' } }),
    nulls: every.where({ text: null }),
    someText: every.where({ text: { not: null } }),
    day: every.where({ day: { gte: 0 } }),
    at: every.where({ at: { lt: 1.3005e12 } }),
  }),
  'dropNulls and fillNulls': ({ every }) => ({
    dropped: every.dropNulls('small', 'text'),
    filled: every.fillNulls({ small: 7, text: 'none', price: 1.005, flag: false, huge: 3n }),
  }),
  'derive into every kind': ({ every }) => ({
    out: every.derive({
      flag: [t.bool, r => r.small === null],
      small: [t.int32.nullable, r => (r.small === null ? null : -r.small)],
      big: [t.int64, r => r.id * 2 ** 33],
      huge: [t.bigint, r => BigInt(r.id) * 10n ** 12n],
      single: [t.float32, r => r.id / 3],
      double: [t.float64.nullable, r => r.double],
      price: [t.decimal(12, 2), r => r.id * 1.005],
      wide: [t.decimal(30, 6), r => r.id / 7],
      text: [t.utf8.nullable, r => r.text && `${r.text}!`],
      raw: [t.bytes, r => Uint8Array.of(r.id & 255, 0)],
      day: [t.date, r => (r.id - 100) * 86_400_000],
      at: [t.timestamp, r => r.id * 1000.5],
      clock: [t.datetime.nullable, r => r.at],
      kind: [t.oneOf('odd', 'even'), r => (r.id % 2 === 0 ? 'even' : 'odd')],
    }),
  }),
  'rows may be spread, kept and passed on': ({ every }) => {
    const text = (row: object) =>
      JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? String(v) : v))
    return {
      spread: every.map(Every, r => ({ ...r, id: r.id + 1 })),
      keys: every.derive({ keys: [t.int32, r => Object.keys(r).length] }),
      passed: every.drop('raw').derive({ json: [t.utf8, r => text(r)] }),
      destructured: every.filter(({ small, id }) => (small ?? 0) < id),
    }
  },
  'select, drop, rename': ({ every }) => ({
    out: every.select('text', 'id', 'price').rename({ text: 'label' }).drop('id'),
    swapped: every.select('id', 'small').rename({ small: 'x' }).rename({ id: 'small' }),
  }),
  'map to another schema': ({ every }) => ({
    out: every.map(Out, r => ({
      id: r.id,
      label: `${r.text}`,
      twice: r.small === null ? null : r.small * 2,
    })),
  }),
  'map to the dead letter': ({ every }) => {
    const out = every.map(
      Out,
      r => {
        if (r.small === 3) throw new RangeError('three')
        return { id: r.id, label: r.group, twice: 1 }
      },
      { onError: 'deadLetter' },
    )
    return { out, rejects: out.rejects.select('step', 'reason', 'raw') }
  },
  'a row that is refused gives nothing': ({ every }) => {
    const three = every.flatMap(
      Out,
      function* (r) {
        for (let i = 0; i < 5; i++) {
          if (i === 3 && r.small === 3) throw new RangeError('three')
          yield { id: r.id, label: r.group, twice: i }
        }
      },
      { onError: 'deadLetter' },
    )
    // The third row is none of the schema's.
    const bad = every.flatMap(
      Out,
      r =>
        [0, 1, 2].map(i => ({ id: i === 2 && r.id % 7 === 0 ? 1.5 : i, label: '', twice: r.id })),
      { onError: 'deadLetter' },
    )
    const { odd, even } = every.parDo({
      output: { odd: Out, even: Out },
      onError: 'deadLetter',
      process(r, c) {
        for (let i = 0; i < 4; i++) {
          const row = { id: r.id, label: r.group, twice: i }
          if (i % 2 === 0) c.emit.even(row)
          else c.emit.odd(row)
          if (i === 2 && r.small === 4) throw new RangeError('four')
          if (i === 1 && r.small === 5) c.reject('five')
        }
      },
    })
    const rejects = (of: PCollection<never> | typeof bad) =>
      of.rejects.select('step', 'reason', 'raw')
    return { three, threes: rejects(three), bad, bads: rejects(bad), odd, even }
  },
  'flatMap fans out': ({ every }) => ({
    out: every.flatMap(Out, function* (r) {
      for (let i = 0; i < r.id % 4; i++) yield { id: i, label: r.group, twice: null }
    }),
  }),
  'mapAsync keeps order': ({ every }) => ({
    out: every.mapAsync(
      Out,
      async r => {
        if (r.id % 5 === 0) await new Promise(resolve => setImmediate(resolve))
        return { id: r.id, label: r.group, twice: null }
      },
      { concurrency: 8 },
    ),
  }),
  'parDo with tagged outputs': ({ every }) => {
    const { odd, even } = every.parDo({
      output: { odd: Out, even: Out },
      setup: () => ({ label: 'set up' }),
      process(r, c) {
        const row = { id: r.id, label: c.resource.label, twice: null }
        if (r.id % 2 === 0) c.emit.even(row)
        else c.emit.odd(row)
      },
    })
    return { odd, even }
  },
  partition: ({ every }) => {
    const { home, away } = every.partition(['home', 'away'], r =>
      r.group === 'g1' ? 'home' : 'away',
    )
    return { home, away: away.select('id') }
  },
  'group by text, all aggregates': ({ every }) => ({
    out: every.groupBy('group').aggregate(g => ({
      rows: g.count(),
      positive: g.count({ where: { small: { gt: 0 } } }),
      texts: g.countDistinct('text'),
      prices: g.countDistinct('price', { where: { flag: true } }),
      small: g.sum('small'),
      big: g.sum('big'),
      huge: g.sum('huge'),
      price: g.sum('price'),
      wide: g.sum('wide'),
      mean: g.mean('price'),
      meanSmall: g.mean('small'),
      least: g.min('text'),
      most: g.max('double'),
      earliest: g.min('at'),
      widest: g.max('wide'),
      first: g.first('text', { by: 'at' }),
      last: g.last('small', { by: 'price' }),
      harmonic: g.combine(harmonic),
    })),
  }),
  'group by every kind': ({ every }) => ({
    flag: every.groupBy('flag').aggregate(g => ({ n: g.count() })),
    small: every.groupBy('small').aggregate(g => ({ n: g.count() })),
    big: every.groupBy('big').aggregate(g => ({ n: g.count() })),
    huge: every.groupBy('huge').aggregate(g => ({ n: g.count() })),
    single: every.groupBy('single').aggregate(g => ({ n: g.count() })),
    double: every.groupBy('double').aggregate(g => ({ n: g.count() })),
    price: every.groupBy('price').aggregate(g => ({ n: g.count() })),
    wide: every.groupBy('wide').aggregate(g => ({ n: g.count() })),
    raw: every.groupBy('raw').aggregate(g => ({ n: g.count() })),
    day: every.groupBy('day', 'text').aggregate(g => ({ n: g.count() })),
    at: every.groupBy('at').aggregate(g => ({ n: g.count() })),
    clock: every.groupBy('clock', 'flag').aggregate(g => ({ n: g.count() })),
  }),
  'aggregate without keys': ({ every }) => ({
    out: every.aggregate(g => ({ n: g.count(), d: g.countDistinct('group'), s: g.sum('id') })),
    none: every
      .filter(r => r.id < 0)
      .aggregate(g => ({ n: g.count(), d: g.countDistinct('group') })),
  }),
  'distinct and distinctBy': ({ every }) => ({
    distinct: every.select('flag', 'text', 'double', 'wide').distinct(),
    last: every.distinctBy(['text', 'flag'], { keep: 'last', by: 'price' }),
    first: every.distinctBy('group', { keep: 'first', by: 'at' }),
    byText: every.distinctBy('small', { keep: 'last', by: 'text' }),
  }),
  top: ({ every }) => ({
    ranked: every.groupBy('group').top(3, { by: 'price', order: 'desc', rank: 'rank' }),
    least: every.groupBy('flag').top(2, { by: 'text', order: 'asc' }),
  }),
  joins: ({ every, products }) => {
    const left = every.select('id', 'group', 'price')
    return {
      inner: left.join(products, { on: 'group' }),
      left: left.leftJoin(products, { on: 'group', prefix: 'p_' }),
      full: left.fullJoin(products, { on: 'group' }),
      semi: left.semiJoin(products, { on: 'group' }),
      anti: left.antiJoin(products, { on: 'group' }),
      broadcast: left.join(products, { on: 'group', hint: 'broadcast' }),
      broadcastLeft: left.leftJoin(products, { on: 'group', hint: 'broadcast' }),
      nulls: products.leftJoin(every.select('text', 'id').rename({ text: 'group' }), {
        on: 'group',
      }),
    }
  },
  coGroupByKey: ({ every, products }) => ({
    out: coGroupByKey(
      { lines: every.select('id', 'group', 'small'), products: products.dropNulls('group') },
      'group',
    ).flatMap(Stats, ({ key, lines, products: found }) => {
      const [first] = lines
      return [
        {
          group: key.group,
          rows: [...lines].length * 10 + [...found].length,
          first: first?.small ?? null,
        },
      ]
    }),
  }),
  'groupBy flatMap streams rows in order': ({ every }) => ({
    out: every.groupBy('group').flatMap(
      Stats,
      function* (key, rows) {
        let n = 0
        let first: number | null = null
        for (const r of rows) {
          if (n++ === 0) first = r.id
        }
        yield { group: key.group, rows: n, first }
      },
      { sort: { by: 'price', order: 'desc' } },
    ),
  }),
  'flatten and reshuffle': ({ every }) => ({
    out: flatten(
      every.select('id', 'text'),
      every.select('text', 'id').filter(r => r.id > 100),
    ),
    shuffled: every
      .select('id')
      .reshuffle()
      .filter(r => r.id % 3 === 0),
  }),
  sortBy: ({ every }) => ({
    out: every.sortBy({ by: 'text', order: 'desc' }, 'double', { by: 'wide', order: 'asc' }),
  }),
  'side inputs': ({ every, products }) => {
    const rates = products
      .dropNulls('group')
      .distinctBy('group', { keep: 'first', by: 'rate' })
      .asMap('group')
    const total = every.aggregate(g => ({ n: g.count() })).asSingleton()
    const names = products.asList()
    return {
      out: every.derive(
        {
          rate: [t.decimal(8, 2), (r, s) => s.rates.get(r.group)?.rate ?? 0],
          of: [t.int64, (_, s) => s.total.n + s.names.length],
        },
        { side: { rates, total, names } },
      ),
    }
  },
  'nested values are made, carried, taken apart': ({ every }) => {
    const nested = every.map(Nest, r => ({
      id: r.id,
      group: r.group,
      all: r.small === null ? null : r,
      list: Array.from({ length: r.id % 4 }, (_, i) =>
        i === 2 ? null : { n: r.big, text: r.text },
      ),
      texts: r.id % 5 === 0 ? null : [r.group, r.text],
      json: r.flag === null ? null : { a: [r.id, r.text, null], b: r.flag },
    }))
    return {
      nested,
      carried: nested.reshuffle().sortBy({ by: 'id', order: 'desc' }),
      distinct: nested.select('json', 'texts').distinct(),
      unnested: nested.unnest('list', { prefix: 'e_' }),
      kept: nested.unnest('list', { prefix: 'e_', keepEmpty: true }),
      texts: nested.select('id', 'texts').unnest('texts'),
      unpacked: nested.select('id', 'all').unpack('all', { prefix: 'a_' }),
      some: nested
        .filter(r => r.id % 3 === 1)
        .where({ texts: { not: null } })
        .unnest('texts', { keepEmpty: true }),
      grouped: nested
        .unnest('list', { prefix: 'e_' })
        .groupBy('e_text')
        .aggregate(g => ({
          n: g.count(),
          last: g.last('json', { by: 'id' }),
        })),
      joined: nested.select('id', 'list').join(nested.select('id', 'all'), { on: 'id' }),
    }
  },
  'a chain over several exchanges': ({ every, products }) => ({
    out: every
      .dropNulls('price')
      .distinctBy(['group', 'small'], { keep: 'last', by: 'id' })
      .join(products.dropNulls('group'), { on: 'group' })
      .derive({ value: [t.decimal(14, 4), r => r.price * r.rate] })
      .groupBy('name')
      .aggregate(g => ({ value: g.sum('value'), n: g.count() }))
      .where({ n: { gt: 1 } }),
  }),
}
