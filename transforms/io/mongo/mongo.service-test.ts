/** Collections of a server read as a run reads them: nothing twice, nothing lost, whatever the types and the faults. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import {
  Binary,
  BSON,
  type Collection,
  Decimal128,
  Double,
  Long,
  MaxKey,
  MinKey,
  MongoClient,
  ObjectId,
  Timestamp,
} from 'mongodb'
import { schema, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { passes, type Test } from '../../../engine/io/condition.ts'
import { runRows } from '../../../testing/index.ts'
import { faultProxy } from '../../../test/services/fault-proxy/proxy.ts'
import { homeOf, isInstalled, needs, serverOf } from '../../../test/services/services.ts'
import { noLeaks } from '../../../test/services/leaks.ts'
import { folderFor, freePort, launch } from '../../../test/services/process.ts'
import { accepts } from '../../../test/services/server.ts'
import { addressOf } from './address.ts'
import { checkMongo } from './check.ts'
import { mongo } from './index.ts'
import { settingsOf } from './options.ts'
import { Pages } from './pages.ts'
import { findCommand, type Range } from './range.ts'
import { readAll } from './testing/read-all.ts'

let client: MongoClient
/** `mongodb://127.0.0.1:P` */
let host = ''
const OPTIONS = '?directConnection=true'
const at = (name: string): string => `${host}/shop/${name}${OPTIONS}`
const here = (context: TestContext): boolean => needs(context, 'mongo')

before(async () => {
  if (!isInstalled('mongo')) return
  const { uri } = await serverOf('mongo')
  host = uri.slice(0, uri.indexOf('/', 10))
  client = await new MongoClient(uri).connect()
})
after(() => client?.close())

async function filled(name: string, documents: readonly object[]): Promise<Collection> {
  const collection = client.db('shop').collection(name)
  await collection.drop().catch(() => undefined)
  for (let i = 0; i < documents.length; i += 1000)
    await collection.insertMany(documents.slice(i, i + 1000))
  return collection
}

const N = schema({ n: t.int32 })
const numbers = (rows: readonly Record<string, unknown>[]): unknown[] => rows.map(r => r['n'])
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

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

test('a cursor that the server forgot is taken up again: nothing twice, nothing lost', async context => {
  if (!here(context)) return
  const id = (n: number): unknown => (n % 2 ? `id ${String(n).padStart(5, '0')}` : n)
  await filled(
    'killed',
    upTo(2000).map(n => ({ _id: id(n), n, ...(n % 9 ? { by: new Date(n - (n % 7)) } : {}) })),
  )
  const each = ['_id', 'by'].flatMap(key => [true, false].map(direct => ({ key, direct })))
  for (const { key, direct } of each) {
    const { pages, kill, close } = await killablePages(key, direct)
    const found: unknown[] = []
    let killed = 0
    for (let page = await pages.next(); page !== null; page = await pages.next()) {
      for (let i = 0; i < page.count; i++)
        found.push(BSON.deserialize(page.bytes.subarray(page.starts[i], page.ends[i]))['n'])
      if (found.length % 300 < 50) killed += await kill()
    }
    await close()
    assert.deepEqual(
      found.toSorted((a, b) => Number(a) - Number(b)),
      upTo(2000),
      `${key} ${direct}`,
    )
    assert.ok(killed > 2 && pages.opened > killed, `${killed} were killed, ${pages.opened} opened`)
  }
})

/** Pages of `killed`, and what makes the server forget their cursor. */
async function killablePages(key: string, direct: boolean) {
  const { uri } = await serverOf('mongo')
  const watched = new MongoClient(uri, { monitorCommands: true })
  let cursor = 0n
  watched.on('commandSucceeded', ({ commandName, reply }) => {
    const raw = (reply as { cursor?: Uint8Array }).cursor
    if (commandName !== 'find' || !(raw instanceof Uint8Array)) return
    cursor = BSON.deserialize(raw, { useBigInt64: true })['id']
  })
  const lease = { driver: await import('mongodb'), client: watched, release() {} }
  const address = addressOf(at('killed'))
  const settings = settingsOf(N, {})
  const range = {
    key,
    lower: null,
    upper: null,
    index: null,
    by: null,
    window: null,
    batch: 50,
    simple: true,
    direct,
  }
  const asked = { collection: 'killed', projection: null, readConcern: null, keep: null }
  const pages = new Pages({ lease, address, settings, range: { ...range, snapshot: null }, asked })
  const kill = async (): Promise<number> => {
    const command = { killCursors: 'killed', cursors: [Long.fromBigInt(cursor)] }
    const reply = await client.db('shop').command(command)
    return reply['cursorsKilled'].length
  }
  const close = async (): Promise<void> => {
    await pages.close()
    await watched.close()
  }
  return { pages, kill, close }
}

const where = (what: string): boolean => /^(?:find|getMore|aggregate)/.test(what)
const SEEDS = Number(process.env['MILLRACE_SEEDS'] ?? 10)

test('faults of the network, by seeds: the same rows each time', async context => {
  if (!here(context)) return
  await filled(
    'faulty',
    upTo(400).map(n => ({ n, pad: 'p'.repeat(100) })),
  )
  const service = await serverOf('mongo')
  for (let seed = 1; seed <= SEEDS; seed++) {
    const proxy = await faultProxy(service, { seed, stallMs: 1500, where })
    try {
      const uri = `${proxy.uri.slice(0, proxy.uri.indexOf('/', 10))}/shop/faulty${OPTIONS}`
      const source = mongo(uri, N, { batchBytes: '8KB', timeout: '1s' })
      const { rows } = await readAll(source, { request: { splitBytes: 20_000 } })
      assert.deepEqual(numbers(rows), upTo(400), `seed ${seed}: ${proxy.schedule}`)
      await noLeaks({ server: service, expected: () => true, proxies: [proxy] })
    } finally {
      await proxy.stop()
    }
  }
})

const Change = schema({ n: t.int32, at: t.timestamp.nullable })
const minute = (n: number): Date => new Date(Date.UTC(2024, 0, 1) + n * 60_000)

test('increments: what changed since the mark, with an overlap; the mark moves to the newest', async context => {
  if (!here(context)) return
  const collection = await filled('changes', [
    ...upTo(100).map(n => ({ n, at: minute(n) })),
    { n: 100 },
    { n: 101, at: '2024-01-01' },
    { n: 102, at: null },
    { n: 103, at: [minute(1)] },
    { n: 104, at: new Date(Date.now() + 86_400_000) },
  ])
  const source = mongo(at('changes'), Change, { incremental: { by: 'at', overlap: '10min' } })
  assert.match(source.markName ?? '', /\/shop\/changes by at$/)
  const first = await readAll(source)
  assert.deepEqual(numbers(first.rows), upTo(100))
  assert.equal(first.plan.mark, minute(99).toISOString())
  assert.deepEqual(
    first.rejects.map(r => [r.column, r.reason.replace(/ \(_id.*/, '')]),
    [
      ['at', 'at: expected timestamp, got nothing (increments go by it, so it must be a date)'],
      ['at', 'at: expected timestamp, got string "2024-01-01"'],
      ['at', 'at: expected timestamp, got null (increments go by it, so it must be a date)'],
      ['at', 'at: expected timestamp, got array [{"$date":"2024-01-01T00:01:00.000Z"}]'],
    ],
  )
  const notes = first.plan.notes?.join(' ') ?? ''
  assert.match(notes, /at, which has no index.*createIndex/)
  assert.match(notes, /lies in the future/)

  await collection.createIndex({ at: 1 })
  await collection.insertMany([200, 201].map(n => ({ n, at: minute(n) })))
  await collection.updateOne({ n: 5 }, { $set: { at: minute(150) } })
  await collection.insertOne({ n: 300, at: minute(92) })
  const next = await readAll(source, { request: { since: first.plan.mark as string } })
  const late = upTo(100).filter(n => n >= 89)
  assert.deepEqual(
    numbers(next.rows).toSorted((a, b) => Number(a) - Number(b)),
    [5, ...late, 200, 201, 300],
  )
  assert.equal(next.plan.mark, minute(201).toISOString())
  assert.doesNotMatch(next.plan.notes?.join(' ') ?? '', /no index/)

  const still = await readAll(mongo(at('changes'), Change, { incremental: { by: 'at' } }), {
    request: { since: next.plan.mark as string },
  })
  assert.deepEqual([numbers(still.rows), still.plan.mark], [[201], next.plan.mark])

  const interval = { start: +minute(10), end: +minute(20) }
  const within = await readAll(source, {
    request: { since: minute(10).toISOString(), interval, splitBytes: 300 },
  })
  assert.ok(within.plan.splits.length > 1)
  assert.deepEqual(
    numbers(within.rows),
    upTo(20).filter(n => n !== 5),
  )
  assert.equal(within.plan.mark, minute(20).toISOString())
  assert.equal(within.plan.nothingNew, undefined)
  // The overlap alone has documents, which the run before has read.
  const quiet = await readAll(
    mongo(at('changes'), Change, { incremental: { by: 'at', overlap: '9d' } }),
    {
      request: {
        since: minute(5000).toISOString(),
        interval: { start: +minute(5000), end: +minute(5060) },
      },
    },
  )
  assert.deepEqual([quiet.plan.nothingNew, quiet.rows.length > 0], [true, true])
  const again = await readAll(source, { request: { since: minute(90).toISOString(), interval } })
  assert.deepEqual(numbers(again.rows), numbers(within.rows))
  assert.equal(again.plan.mark, minute(90).toISOString())
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

const Fact = schema({
  i: t.int32.nullable,
  f: t.float64.nullable,
  d: t.decimal(10, 2).nullable,
  s: t.utf8.nullable,
  b: t.bool.nullable,
  at: t.timestamp.nullable,
})
const dec = (text: string): Decimal128 => Decimal128.fromString(text)
/** Values that a column takes or not, of all types that may stand beside each other. */
const VALUES: { readonly [column: string]: readonly unknown[] } = {
  i: [1, 2, 5, Long.fromNumber(2), new Double(2), 'x', null, undefined, [2], [9]],
  f: [
    new Double(0.5),
    2,
    new Double(Number.NaN),
    new Double(-Infinity),
    Long.fromNumber(2),
    'x',
    null,
    [2],
  ],
  d: [
    dec('12.1'),
    dec('12.10'),
    dec('1.005'),
    dec('NaN'),
    dec('1E+9'),
    12,
    new Double(12.1),
    '12.1',
    null,
    [dec('12.1')],
  ],
  s: [
    'a',
    'b',
    'é',
    'Z',
    '$i',
    5,
    null,
    undefined,
    new ObjectId('0123456789abcdef01234567'),
    ['a'],
    { a: 1 },
  ],
  b: [true, false, null, 1, undefined],
  at: [
    new Date(5),
    new Date(-5),
    new Date(1000),
    '5',
    null,
    new Timestamp({ t: 1, i: 0 }),
    [new Date(5)],
  ],
}
const CONDITIONS: readonly (readonly Test[])[] = [
  [{ column: 'i', op: 'eq', value: 2 }],
  [{ column: 'i', op: 'gt', value: 1.5 }],
  [{ column: 'i', op: 'not', value: null }],
  [{ column: 'i', op: 'in', value: [1, null] }],
  [{ column: 'f', op: 'gte', value: 0.5 }],
  [{ column: 'f', op: 'lt', value: 2 }],
  [{ column: 'f', op: 'not', value: 2 }],
  [{ column: 'd', op: 'eq', value: 12.1 }],
  [{ column: 'd', op: 'lte', value: 12.1 }],
  [{ column: 'd', op: 'gt', value: 12.1 }],
  [{ column: 's', op: 'eq', value: '$i' }],
  [{ column: 's', op: 'gt', value: 'a' }],
  [{ column: 's', op: 'not', value: 'a' }],
  [{ column: 'b', op: 'eq', value: true }],
  [{ column: 'b', op: 'not', value: true }],
  [{ column: 'at', op: 'lt', value: 5 }],
  [{ column: 'at', op: 'gte', value: 4.5 }],
]

test('what the server leaves out is what the steps would drop, and is counted under them', async context => {
  if (!here(context)) return
  const good = { i: 1, f: new Double(1.5), d: dec('1.50'), s: 'm', b: true, at: new Date(7) }
  const documents = Object.entries(VALUES).flatMap(([column, values]) =>
    values.map(value => {
      const { [column]: _, ...rest } = good as Record<string, unknown>
      return value === undefined ? rest : { ...rest, [column]: value }
    }),
  )
  await filled('facts', documents)
  const all = await readAll(mongo(at('facts'), Fact))
  assert.equal(all.rejects.length, 15)
  let left = 0
  for (const first of CONDITIONS) {
    const conditions = [first, CONDITIONS[13] as readonly Test[]]
    const skipped = [0, 0]
    const some = await readAll(mongo(at('facts'), Fact), {
      leaveOut: {
        conditions,
        skipped: (rows, by) => {
          skipped[by] = (skipped[by] ?? 0) + rows
        },
      },
    })
    const fails = (row: Record<string, unknown>): number =>
      conditions.findIndex(c => !c.every(one => passes(one, row[one.column])))
    const kept = (rows: readonly Record<string, unknown>[]) => rows.filter(row => fails(row) < 0)
    const why = JSON.stringify(first)
    assert.deepEqual(kept(some.rows), kept(all.rows), why)
    assert.deepEqual(
      some.rejects.map(r => r.reason),
      all.rejects.map(r => r.reason),
      why,
    )
    for (const by of [0, 1]) {
      const those = (rows: readonly Record<string, unknown>[]) =>
        rows.filter(row => fails(row) === by).length
      assert.equal(those(some.rows) + (skipped[by] as number), those(all.rows), `${why}, by ${by}`)
    }
    left += skipped.reduce((sum, rows) => sum + rows, 0)
  }
  assert.ok(left > 100, `${left} rows were left out`)
  const { rows } = await runRows(p => ({
    kept: p
      .read(mongo(at('facts'), Fact))
      .where({ i: 2 })
      .select('i'),
  }))
  assert.equal(rows.kept.length, all.rows.filter(r => r['i'] === 2).length)
})

async function faultOf(doing: Promise<unknown>): Promise<Fault> {
  const found = await doing.then(
    () => null,
    (error: unknown) => error,
  )
  assert.ok(found instanceof Fault, String(found))
  return found
}
const planned = (uri: string, o: object = {}) => mongo(uri, N, o).plan({ splitBytes: 1 << 20 })
const SECRET = 'p%40ssword123'

test('what is not there is said, with what is', async context => {
  if (!here(context)) return
  await filled('orders', [{ n: 1 }])
  const collection = await faultOf(planned(at('order')))
  assert.match(
    collection.render(),
    /^data: .*\/shop\/order: there is no collection "order"\n {2}have .*orders.*\n {2}hint {2}did you mean "orders"\?/,
  )
  const database = await faultOf(planned(`${host}/shopp/orders${OPTIONS}`))
  assert.match(
    database.render(),
    /there is no database "shopp"\n {2}have .*shop.*\n.*did you mean "shop"\?/,
  )
  const none = await planned(at('order'), { onMissing: 'empty' })
  assert.deepEqual(none.splits, [])
})

test('a host without a server, an unknown host, another replica set', async context => {
  if (!here(context)) return
  const port = await freePort()
  const fast = '&serverSelectionTimeoutMS=400'
  const nobody = `mongodb://u:${SECRET}@127.0.0.1:${port}/shop/orders${OPTIONS}${fast}`
  const refused = await faultOf(planned(nobody))
  assert.match(
    refused.render(),
    /no server of it was found\n.*answered(?:.|\n)*ECONNREFUSED(?:.|\n)*nothing listens there/,
  )
  const unknown = `mongodb://u:${SECRET}@no-such-host.invalid/shop/orders${OPTIONS}${fast}`
  assert.match((await faultOf(planned(unknown))).render(), /the host is not known/)
  const set = `${host}/shop/orders?replicaSet=other${fast}`
  assert.match((await faultOf(planned(set))).render(), /hint {2}check replicaSet/)
})

test('a wrong password, and a user without a role; the password is in no message', async context => {
  if (!here(context)) return
  const { uri, stop } = await guarded()
  context.after(stop)
  const as = (user: string, password: string, more = '') =>
    `mongodb://${user}:${password}@${uri}/shop/orders${OPTIONS}&authSource=admin${more}`
  assert.equal((await planned(as('reader', SECRET))).splits.length, 1)
  const wrong = await faultOf(planned(as('reader', 'not%40this')))
  assert.match(wrong.render(), /the user or the password was refused\n.*answered/)
  const without = await faultOf(planned(as('other', SECRET)))
  assert.match(without.render(), /may not read it\n(?:.|\n)*grantRolesToUser/)
  const none = await faultOf(planned(`mongodb://${uri}/shop/orders${OPTIONS}`))
  assert.match(none.render(), /may not read it|was refused/)
  for (const fault of [wrong, without, none])
    assert.doesNotMatch(fault.render(), /not%40this|not@this|p%40ssword|p@ssword/)
})

test('a check says what works, and what is missing', async context => {
  if (!here(context)) return
  await filled('orders', [{ n: 1 }])
  const good = await checkMongo(at('orders'))
  assert.deepEqual([good.system, good.missing, good.passed.length], ['MongoDB', [], 4])
  const index = await checkMongo(at('orders'), undefined, 'updatedAt')
  assert.match(index.missing[0]?.hint ?? '', /createIndex\(\{ "updatedAt": 1 \}\)/)
  const wrong = await checkMongo(at('order'))
  assert.match(wrong.missing[0]?.hint ?? '', /did you mean "orders"/)
  const port = await freePort()
  const nobody = `mongodb://u:${SECRET}@127.0.0.1:${port}/shop/x${OPTIONS}&serverSelectionTimeoutMS=300`
  const none = await checkMongo(nobody)
  assert.deepEqual([none.passed, none.missing[0]?.what], [[], 'reach a server'])
  assert.doesNotMatch(JSON.stringify(none), /ssword/)
})

/** A server that wants passwords, with two users: one may read `shop`, the other nothing. */
async function guarded(): Promise<{ uri: string; stop(): Promise<void> }> {
  const data = mkdtempSync(join(tmpdir(), 'millrace-mongo-users-'))
  const port = await freePort()
  const server = (...more: string[]) => ({
    name: 'mongo',
    command: join(homeOf('mongo'), 'bin/secantusd-py'),
    args: ['--host', '127.0.0.1', '--port', `${port}`, '--storage-path', data, ...more],
    env: { PYTHONPATH: homeOf('mongo') },
    folder: folderFor('mongo'),
    signal: 'INT' as const,
    ready: () => accepts(port),
  })
  const open = await launch(server())
  const admin = await new MongoClient(`mongodb://127.0.0.1:${port}/${OPTIONS}`).connect()
  const pwd = decodeURIComponent(SECRET)
  const roles = [{ role: 'read', db: 'shop' }]
  await admin.db('admin').command({ createUser: 'reader', pwd, roles })
  await admin.db('admin').command({ createUser: 'other', pwd, roles: [] })
  await admin.db('shop').collection('orders').insertOne({ n: 1 })
  await admin.close()
  await open.stop()
  const closed = await launch(server('--auth'))
  const stop = async (): Promise<void> => {
    await closed.stop()
    rmSync(data, { recursive: true, force: true })
  }
  return { uri: `127.0.0.1:${port}`, stop }
}
