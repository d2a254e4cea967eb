/** From a definition and raw parameters to a plan, and its fingerprint. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { param, pipeline, schema, t } from './index.ts'
import { sampleSink, sampleSource } from './sample.ts'
import { Fault } from '../engine/fault.ts'
import { buildPlan } from '../engine/plan/build.ts'
import { type Definition, pipelineOf } from '../engine/plan/definition.ts'
import { explainLogical } from '../engine/plan/explain-logical.ts'
import { firstDifference, nodeFingerprint } from '../engine/plan/fingerprint.ts'

const Line = schema({ id: t.utf8, qty: t.int32, who: t.int32.nullable })
const RUN = { id: 'run', startedAt: 1_000 }

const params = {
  input: param.uri(),
  keep: param.oneOf(['last', 'first'], 'last'),
  n: param.number(3),
  since: param.date('2011-12-09'),
  dry: param.flag(),
  note: param.text(''),
}
const seen: Record<string, unknown>[] = []
const definition = pipeline({ name: 'sample', params, build: (_, a) => void seen.push(a) })
const parsed = (raw: Record<string, unknown>) => {
  buildPlan(definition, raw, RUN)
  return seen.at(-1)
}
const faultOf = (run: () => unknown): Fault => {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof Fault, String(error))
    return error
  }
  return assert.fail('it was accepted')
}

test('parameters are read from text', () => {
  const raw = { input: 'a.csv', n: '4.5', since: '2011-12-09T12:50', dry: 'true', keep: 'first' }
  const since = Date.UTC(2011, 11, 9, 12, 50)
  assert.deepEqual(parsed(raw), {
    input: 'a.csv',
    n: 4.5,
    since,
    dry: true,
    keep: 'first',
    note: '',
  })
  const rest = { n: 3, since: Date.UTC(2011, 11, 9), dry: false, keep: 'last', note: '' }
  assert.deepEqual(parsed({ input: 'b' }), { input: 'b', ...rest })
  assert.equal(
    parsed({ input: 'b', since: '2011-12-09T01:00:00+01:00' })?.['since'],
    Date.UTC(2011, 11, 9),
  )
})

const wrong: readonly [raw: Record<string, unknown>, message: string, hint?: RegExp][] = [
  [{}, 'parameter "input" is missing', /--input/],
  [{ inptu: 'a' }, 'pipeline "sample" has no parameter "inptu"', /"input"/],
  [{ input: '' }, 'parameter "input": expected a path or URI, got ""'],
  [{ input: 'a', n: 'abc' }, 'parameter "n": expected a number, got "abc"'],
  [{ input: 'a', n: '' }, 'parameter "n": expected a number, got ""'],
  [{ input: 'a', n: 'Infinity' }, 'parameter "n": expected a number, got "Infinity"'],
  [{ input: 'a', keep: 'lst' }, 'parameter "keep": "lst" is not one of its values', /"last"/],
  [{ input: 'a', dry: 'yes' }, 'parameter "dry": expected true or false, got "yes"'],
  [
    { input: 'a', since: '9/12/2011' },
    'parameter "since": expected a date, got "9/12/2011"',
    /2011-12-09/,
  ],
  [{ input: 'a', since: '2011-02-30' }, 'parameter "since": expected a date, got "2011-02-30"'],
  [{ input: 'a', constructor: 'x' }, 'pipeline "sample" has no parameter "constructor"'],
]
for (const [raw, message, hint] of wrong)
  test(`refused: ${JSON.stringify(raw)}`, () => {
    const fault = faultOf(() => buildPlan(definition, raw, RUN))
    assert.equal(fault.message, message)
    assert.equal(fault.kind, 'pipeline')
    if (hint) assert.match(fault.hint ?? '', hint)
  })

test('build that throws or is asynchronous is refused', () => {
  const throws = pipeline({
    name: 'x',
    build() {
      throw new TypeError('oh')
    },
  })
  const fault = faultOf(() => buildPlan(throws, {}, RUN))
  assert.equal(fault.message, 'build of "x" threw: oh')
  assert.ok(fault.cause instanceof TypeError)
  const waits = pipeline({ name: 'x', async build() {} })
  assert.match(faultOf(() => buildPlan(waits, {}, RUN)).message, /is asynchronous$/)
})

test('a module has one pipeline, or a default one, or is asked by name', () => {
  const other = pipeline({ name: 'other', build() {} })
  assert.equal(pipelineOf({ a: other, helper: 3 }), other)
  assert.equal(pipelineOf({ default: other, definition }), other)
  assert.equal(pipelineOf({ other, definition }, 'sample'), definition)
  assert.equal(faultOf(() => pipelineOf({ a: 1 })).message, 'module exports no pipeline')
  assert.match(faultOf(() => pipelineOf({ other, definition })).message, /exports 2 pipelines/)
  assert.equal(
    faultOf(() => pipelineOf({ other, definition }, 'othr')).hint,
    'did you mean "other"?',
  )
})

const counting = (more: number, reason: string): Definition =>
  pipeline({
    name: 'x',
    params: { n: param.number(1) },
    build(p, { n }) {
      const lines = p.read(sampleSource(Line))
      const kept =
        more === 0
          ? lines.filter(r => r.qty > n, { reason })
          : lines.filter(r => r.qty >= n, { reason })
      kept
        .groupBy('id')
        .aggregate(g => ({ n: g.count() }))
        .write(sampleSink('out'))
    },
  })

test('fingerprints follow functions, options, parameters and the module', () => {
  const of = (d: Definition, raw = {}, hash = '') => buildPlan(d, raw, RUN, hash).fingerprint
  const same = of(counting(0, 'a'))
  assert.equal(of(counting(0, 'a')), same)
  assert.equal(of(counting(0, 'a'), { n: '1' }), same, 'given or by default')
  assert.match(same, /^[0-9a-f]{64}$/)
  const others = [
    of(counting(1, 'a')),
    of(counting(0, 'b')),
    of(counting(0, 'a'), { n: 2 }),
    of(counting(0, 'a'), {}, 'm'),
  ]
  assert.equal(new Set([same, ...others]).size, 5)
})

test('the first node that differs is found', () => {
  const of = (d: Definition) => buildPlan(d, {}, RUN).nodes.map(nodeFingerprint)
  assert.equal(firstDifference(of(counting(0, 'a')), of(counting(0, 'a'))), -1)
  assert.equal(firstDifference(of(counting(0, 'a')), of(counting(1, 'a'))), 1)
  assert.equal(firstDifference(['a'], ['a', 'b']), 1)
})

test('the plan prints', () => {
  const plan = buildPlan(
    pipeline({
      name: 'x',
      build(p) {
        const lines = p.read(sampleSource(Line)).dropNulls('who')
        const names = lines.asMap('id')
        const w = lines
          .derive({ x: [t.bool, (_, s) => s.names.size > 0] }, { side: { names } })
          .drop('qty')
          .write(sampleSink('out'))
        p.read(w)
          .aggregate(g => ({ n: g.count() }))
          .write(sampleSink('count'))
        p.publish(w)
      },
    }),
    {},
    RUN,
  )
  assert.equal(
    explainLogical(plan).replaceAll(/ +/g, ' '),
    `pipeline x
 0 read sample in.csv = id:utf8 qty:int32 who:int32?
 1 dropNulls who ← 0 ~ who:int32?→int32
 2 derive x ← 1, names: map of 1 + x:bool
 3 drop qty ← 2 − qty
 4 write sample out ← 3
 5 read written sample out ← 3
 6 aggregate ← 5 = n:int64
 7 write sample count ← 6
publish together: 4`,
  )
})
