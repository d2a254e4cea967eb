/** Collections of a server read as a run reads them: nothing twice, nothing lost, whatever the types. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Binary,
  BSON,
  Db,
  Decimal128,
  Double,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'mongodb'
import { schema, t } from '../../../engine/data/schema.ts'
import { runRows } from '../../../testing/index.ts'
import { faultProxy } from '../../../test/services/fault-proxy/proxy.ts'
import { serverOf } from '../../../test/services/services.ts'
import { noLeaks } from '../../../test/services/leaks.ts'
import { mongo } from './index.ts'
import { findCommand, type Range } from './range.ts'
import { readAll } from './testing/read-all.ts'
import { OPTIONS, at, here, filled, N, numbers, upTo } from '../../../test/mongo/collections.ts'

/** Ids of all types that a collection may have them of, in BSON's order. */
const IDS: readonly unknown[] = [
  new MinKey(),
  null,
  new Double(Number.NaN),
  Long.MIN_VALUE,
  -1,
  new Double(-0.5),
  Decimal128.fromString('3.5'),
  7,
  Long.fromNumber(2 ** 40),
  '',
  '$a',
  'a',
  'a.b',
  'é',
  new Map([
    ['10', 1],
    ['2', 2],
  ]),
  { x: 1 },
  { x: 1, y: 'q' },
  { x: 'a' },
  new Binary(Buffer.from('abc')),
  new Binary(Buffer.from('abd'), 4),
  new ObjectId('0123456789abcdef01234567'),
  new ObjectId(),
  false,
  true,
  new Date(-5),
  new Date(5),
  new Timestamp({ t: 1, i: 1 }),
  new MaxKey(),
]

test('ids of all types: each document once, however it is cut', async context => {
  if (!here(context)) return
  await filled('mixed', IDS.map((_id, n) => ({ _id, n, pad: 'x'.repeat(50) })).reverse())
  for (const splitBytes of [1 << 20, 900, 300, 100]) {
    const { rows, plan, perSplit } = await readAll(mongo(at('mixed'), N), {
      request: { splitBytes },
    })
    const found = numbers(rows).toSorted((a, b) => Number(a) - Number(b))
    assert.deepEqual(found, upTo(IDS.length), `${plan.splits.length} splits`)
    if (splitBytes === 300)
      assert.ok(perSplit.length > 4 && Math.max(...perSplit) < 8, `${perSplit}`)
  }
})

test('cut by a field that many documents lack, or have the same of, or of another type', async context => {
  if (!here(context)) return
  const values = [
    undefined,
    null,
    5,
    5,
    5,
    5,
    5,
    5,
    'a',
    '$b',
    new Date(3),
    { q: 1 },
    true,
    2,
    new Double(2.5),
  ]
  const documents = upTo(300).map(n => {
    const f = values[n % values.length]
    return f === undefined ? { _id: n, n } : { _id: n, n, deep: { f } }
  })
  const collection = await filled('by_field', documents)
  for (const indexed of [false, true]) {
    if (indexed) await collection.createIndex({ 'deep.f': 1 })
    const source = mongo(at('by_field'), N, { splitBy: 'deep.f' })
    const { rows, plan, perSplit } = await readAll(source, { request: { splitBytes: 1500 } })
    assert.deepEqual(
      numbers(rows).toSorted((a, b) => Number(a) - Number(b)),
      upTo(300),
    )
    assert.ok(plan.splits.length >= 4, `${perSplit}`)
    assert.equal(
      plan.notes?.some(note => note.includes('deep.f has no index')),
      !indexed,
    )
  }
})

test('a pipeline reads it in its own stages, and rejects say where', async context => {
  if (!here(context)) return
  const Order = schema({
    _id: t.utf8,
    city: t.utf8.nullable,
    lines: t.list(t.struct(schema({ sku: t.utf8, price: t.decimal(10, 2) }))),
  })
  const line = (price: unknown) => ({ sku: 's', price })
  const collection = await filled('orders', [
    { _id: 'a', address: { city: 'Bonn' }, lines: [line(Decimal128.fromString('1.50'))] },
    { _id: 'b', lines: [line(1), line(2), line('abc')] },
    { _id: 'c', lines: [] },
  ])
  const { rows } = await runRows(p => {
    const orders = p.read(mongo(at('orders'), Order, { fields: { city: 'address.city' } }))
    return { good: orders, bad: orders.rejects }
  })
  assert.deepEqual(rows.good, [
    { _id: 'a', city: 'Bonn', lines: [{ sku: 's', price: 1.5 }] },
    { _id: 'c', city: null, lines: [] },
  ])
  const [bad] = rows.bad as unknown as { reason: string; column: string; raw: string }[]
  assert.equal(bad?.reason, 'lines[2].price: expected decimal(10,2), got string "abc" (_id "b")')
  assert.match(bad?.raw ?? '', /^\{"_id":"b","lines":\[/)
  await collection.drop()
})

test('a document of 16 MB', async context => {
  if (!here(context)) return
  const text = 'ü'.repeat(8 * 2 ** 20 - 200)
  await filled('large', [
    { _id: 1, n: 1, text },
    { _id: 2, n: 2, text: 'small' },
  ])
  const Large = schema({ n: t.int32, text: t.utf8 })
  const { rows } = await readAll(mongo(at('large'), Large))
  assert.deepEqual(
    rows.map(r => [r['n'], (r['text'] as string).length]),
    [
      [1, text.length],
      [2, 5],
    ],
  )
})

test('a snapshot: one time, taken at planning, in every command of every split', async context => {
  if (!here(context)) return
  await filled(
    'moments',
    upTo(60).map(n => ({ n, pad: 'x'.repeat(100) })),
  )
  const source = mongo(at('moments'), N, { snapshot: true })
  const { plan, rows } = await readAll(source, { request: { splitBytes: 2000 } })
  assert.equal(rows.length, 60)
  assert.ok(plan.splits.length > 2)
  const times = new Set(plan.splits.map(split => (split.detail as Range).snapshot))
  const [time] = times
  assert.equal(times.size, 1)
  assert.match(String(time), /^[0-9a-f]{16}$/)
  assert.deepEqual(plan.notes, [])
  assert.match(plan.inputs[0]?.version ?? '', new RegExp(`as of ${time}$`))
  const asked = { collection: 'moments', projection: null, readConcern: null, keep: null }
  for (const { detail } of plan.splits) {
    const command = findCommand(BSON, detail as Range, { asked, after: null })
    const concern = command['readConcern'] as { level: string; atClusterTime: Timestamp }
    assert.equal(concern.level, 'snapshot')
    assert.equal(concern.atClusterTime.toBigInt().toString(16), time as string)
  }
})

test('read preference and concern go with every command', async context => {
  if (!here(context)) return
  await filled(
    'asked',
    upTo(20).map(n => ({ n })),
  )
  const cursors = context.mock.method(Db.prototype, 'runCursorCommand').mock
  const commands = context.mock.method(Db.prototype, 'command').mock
  const found = (o: object) => readAll(mongo(at('asked'), N, o))
  const { rows } = await found({ readPreference: 'secondaryPreferred', readConcern: 'majority' })
  assert.equal(rows.length, 20)
  const [first] = cursors.calls
  assert.deepEqual(first?.arguments[0]['readConcern'], { level: 'majority' })
  const preference = first?.arguments[1]?.readPreference
  assert.equal((preference as { mode?: string }).mode, 'secondaryPreferred')
  // What is asked of one server alone is a plain command.
  commands.resetCalls()
  await found({ readConcern: 'local' })
  const finds = commands.calls.map(call => call.arguments[0]).filter(c => 'find' in c)
  assert.deepEqual([...new Set(finds.map(c => c['readConcern']?.level))], ['local'])
})

test('a reader that is closed early leaves no connection', async context => {
  if (!here(context)) return
  await filled(
    'early',
    upTo(500).map(n => ({ n, pad: 'x'.repeat(100) })),
  )
  const service = await serverOf('mongo')
  const proxy = await faultProxy(service, { seed: 1, rate: 0 })
  context.after(() => proxy.stop())
  const uri = `${proxy.uri.slice(0, proxy.uri.indexOf('/', 10))}/shop/early${OPTIONS}`
  const source = mongo(uri, N, { batchBytes: '2KB' })
  const { splits } = await source.plan({ splitBytes: 1 << 20 })
  const request = { wanted: [true], rowsPerBatch: 10, reject() {}, advance() {} }
  const reader = await source.open(splits[0] as (typeof splits)[number], request)
  assert.equal((await reader.next())?.selected, 10)
  assert.ok(proxy.connections > 0)
  await reader.close()
  await reader.close()
  await noLeaks({ server: service, expected: () => true, proxies: [proxy] })
})
