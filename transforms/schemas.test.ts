/** The schema and the name that each verb's node has, as they are read in a plan. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describe } from '../engine/data/schema.ts'
import { type AnySchema, schemaOf } from '../engine/data/schema.ts'
import { is } from '../engine/plan/node.ts'
import {
  coGroupByKey,
  combineFn,
  flatten,
  type PCollection,
  type Pipeline,
  schema,
  t,
} from './index.ts'
import { Line, Name, planOf, sampleSink, sampleSource, schemaAfter } from './sample.ts'

type Lines = PCollection<typeof Line.fields>
type Names = PCollection<typeof Name.fields>
type Made = { readonly schema: AnySchema }

const spread = combineFn(schema({ qty: t.int32 }), {
  output: t.float64,
  createAccumulator: () => [] as number[],
  addInput: (all, r) => [...all, r.qty],
  mergeAccumulators: (a, b) => [...a, ...b],
  extractOutput: all => Math.max(...all) - Math.min(...all),
})

// biome-ignore format: a case a line
const cases: readonly [name: string, make: (a: Lines, b: Names, p: Pipeline) => Made, schema: string][] = [
  ['filter', a => a.select('id').filter(() => true), 'id:utf8'],
  ['dropNulls', a => a.select('id', 'who').dropNulls('who'), 'id:utf8 who:int32'],
  ['fillNulls', a => a.select('who').fillNulls({ who: 3 }), 'who:int32'],
  ['derive replaces in place', a => a.select('id', 'qty').derive({ id: [t.int32, r => r.qty], x: [t.bool, () => true] }), 'id:int32 qty:int32 x:bool'],
  ['select orders', a => a.select('qty', 'id'), 'qty:int32 id:utf8'],
  ['drop', a => a.drop('id', 'qty', 'big', 'status'), 'price:decimal(10,2) at:timestamp who:int32?'],
  ['rename swaps', a => a.select('id', 'qty').rename({ id: 'qty', qty: 'id' }), 'qty:utf8 id:int32'],
  ['reify', a => a.select('id').reify({ file: 'sourceUri', at: 'sourceOffset', run: 'runId' }), 'id:utf8 file:utf8 at:int64 run:utf8'],
  ['map', a => a.map(Name, () => ({ id: '', label: '', qty: 1 })), 'id:utf8 label:utf8 qty:int64'],
  ['sum widens', a => a.groupBy('id').aggregate(g => ({ q: g.sum('qty'), p: g.sum('price'), w: g.sum('who'), b: g.sum('big') })), 'id:utf8 q:int64 p:decimal(20,2) w:int64? b:bigint'],
  ['mean', a => a.groupBy('id').aggregate(g => ({ q: g.mean('qty'), w: g.mean('who'), f: g.mean('qty', { where: { qty: 1 } }) })), 'id:utf8 q:float64 w:float64? f:float64?'],
  ['counts', a => a.groupBy('id', 'who').aggregate(g => ({ n: g.count(), d: g.countDistinct('who') })), 'id:utf8 who:int32? n:int64 d:int64'],
  ['picks', a => a.groupBy('id').aggregate(g => ({ a: g.min('price'), b: g.max('who'), c: g.first('big', { by: 'at' }), d: g.last('at', { by: 'qty' }) })), 'id:utf8 a:decimal(10,2) b:int32? c:bigint d:timestamp'],
  ['totals may be of no row', a => a.aggregate(g => ({ n: g.count(), s: g.sum('qty'), m: g.mean('qty'), x: g.max('at'), f: g.first('qty', { by: 'at' }) })), 'n:int64 s:int64 m:float64? x:timestamp? f:int32?'],
  ['combine', a => a.groupBy('id').aggregate(g => ({ s: g.combine(spread) })), 'id:utf8 s:float64'],
  ['top', a => a.select('id', 'qty').groupBy('id').top(3, { by: 'qty', rank: 'rank' }), 'id:utf8 qty:int32 rank:int32'],
  ['group flatMap', a => a.groupBy('id').flatMap(Name, () => []), 'id:utf8 label:utf8 qty:int64'],
  ['join', (a, b) => a.select('id', 'who').join(b, { on: 'id' }), 'id:utf8 who:int32? label:utf8 qty:int64'],
  ['join by two names, prefixed', (a, b) => a.select('id', 'qty').join(b, { on: { id: 'label' }, prefix: 'b_' }), 'id:utf8 qty:int32 b_id:utf8 b_qty:int64'],
  ['leftJoin', (a, b) => a.select('id').leftJoin(b, { on: ['id'] }), 'id:utf8 label:utf8? qty:int64?'],
  ['fullJoin', (a, b) => a.select('id', 'at').fullJoin(b, { on: 'id' }), 'id:utf8 at:timestamp? label:utf8? qty:int64?'],
  ['fullJoin with a nullable key', a => a.select('qty', 'id').fullJoin(a.select('who'), { on: { qty: 'who' } }), 'qty:int32? id:utf8?'],
  ['fullJoin of a closed set with any text', (a, b) => a.select('status').fullJoin(b.select('label'), { on: { status: 'label' } }), 'status:utf8'],
  ['semiJoin', (a, b) => a.select('id').semiJoin(b, { on: 'id' }), 'id:utf8'],
  ['partition', a => a.select('id').partition(['x'], () => 'x').x, 'id:utf8'],
  ['parDo', a => a.parDo({ output: { n: Name, k: schema({ k: t.bool }) }, process() {} }).k, 'k:bool'],
  ['rejects', a => a.rejects, 'step:utf8 reason:utf8 column:utf8? source:utf8? line:int64? offset:int64? raw:utf8'],
  ['flatten reorders', a => flatten(a.select('id', 'qty'), a.select('qty', 'id')), 'id:utf8 qty:int32'],
  ['coGroup', (a, b) => coGroupByKey({ a, b }, 'id').flatMap(Name, () => []), 'id:utf8 label:utf8 qty:int64'],
  ['read what is written', (a, _, p) => p.read(a.select('id', 'at').write(sampleSink('o', { columns: ['at'] }))), 'id:utf8 at:timestamp'],
]

const plain = (text: string): string => text.replaceAll(/"(\w+)":/g, '$1:')

for (const [name, make, want] of cases)
  test(`schema: ${name}`, () => {
    const got = schemaAfter(p => make(p.read(sampleSource(Line)), p.read(sampleSource(Name)), p))
    assert.equal(plain(describe(got)), want)
  })

test('columns named like prototype members survive', () => {
  const odd = schemaOf([
    { name: '__proto__', kind: t.utf8 },
    { name: 'constructor', kind: t.int32 },
    { name: '1', kind: t.bool },
  ])
  const got = schemaAfter(p =>
    p
      .read(sampleSource(odd))
      .select('1', '__proto__')
      .filter(() => true),
  )
  assert.equal(plain(describe(got)), '1:bool __proto__:utf8')
})

test('nodes carry names, call sites and inputs', () => {
  const plan = planOf(p => {
    const a = p.read(sampleSource(Line)).named('lines')
    const kept = a.filter(r => r.qty > 0, { reason: 'returned' })
    kept.where({ qty: { gt: 3, lte: 9 }, status: { in: ['paid'] } }).write(sampleSink('out'))
    const { x } = kept.partition(['x'], () => 'x')
    x.rejects.write(sampleSink('rejects'))
  })
  assert.deepEqual(
    plan.nodes.map(n => `${n.id} ${n.name} ${n.inputs.map(i => i.id)}`),
    [
      '0 lines ',
      '1 filter "returned" 0',
      '2 where qty > 3, qty ≤ 9, status in ["paid"] 1',
      '3 write sample out 2',
      '4 partition x 1',
      '5 output x 4',
      '6 rejects of partition x 4',
      '7 write sample rejects 6',
    ],
  )
  for (const node of plan.nodes)
    assert.match(node.at, /^transforms\/schemas\.test\.ts:\d+ {2}\.\w+$/)
})

test('a DoFn keeps its own this', () => {
  class Counting {
    output = Name
    seen = 0
    process() {
      this.seen++
    }
  }
  const fn = new Counting()
  const plan = planOf(p => {
    p.read(sampleSource(Line)).parDo(fn).write(sampleSink('o'))
  })
  const node = plan.nodes.find(n => is(n, 'parDo'))
  assert.ok(node && is(node, 'parDo'))
  node.op.process({}, {})
  assert.equal(fn.seen, 1)
})
