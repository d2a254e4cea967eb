/** Each fault over a wire protocol is shown to happen: what the client sees, and what the server did. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { MongoClient } from 'mongodb'
import pg from 'pg'
import { needs, serverOf } from '../services.ts'
import { faultProxy } from './proxy.ts'
import { type FaultKind, type FaultOptions, TCP_KINDS } from './schedule.ts'

const WAIT_MS = 400
const ROWS = 20_000

async function mongoWith(t: TestContext, options: Partial<FaultOptions>) {
  const mongo = await serverOf('mongo')
  const given = { seed: 1, rate: 1, faultsMax: 1, stallMs: WAIT_MS, slowMs: WAIT_MS, ...options }
  const proxy = await faultProxy(mongo, given)
  const settings = { retryWrites: false, retryReads: false }
  const client = new MongoClient(proxy.uri, settings)
  const direct = new MongoClient(mongo.uri)
  t.after(async () => {
    await Promise.all([client.close(), direct.close()])
    await proxy.stop()
  })
  const name = `faults_${process.hrtime.bigint()}`
  const of = (from: MongoClient) =>
    from.db('faults').collection<{ _id: number; text: string }>(name)
  return { proxy, through: of(client), direct: of(direct) }
}

const isInsert = (what: string) => what === 'insert'
const document = { _id: 1, text: 'x'.repeat(10_000) }

for (const kind of ['reset-request', 'reset-answer', 'truncated', 'answer-lost', 'stall'] as const)
  test(`MongoDB: ${kind} at an insert`, async t => {
    if (!needs(t, 'mongo')) return
    const { proxy, through, direct } = await mongoWith(t, { kinds: [kind], where: isInsert })
    const before = performance.now()
    await assert.rejects(through.insertOne(document), { name: 'MongoNetworkError' })
    if (kind === 'stall') assert.ok(performance.now() - before >= WAIT_MS - 10)
    assert.match(
      `${proxy.schedule}`,
      new RegExp(`^seed 1, 1 faults\\n {2}${kind} .* of insert \\(0\\)$`),
    )
    const there = await direct.countDocuments()
    assert.equal(there, kind === 'reset-request' ? 0 : 1)
    // The fault was the only one: the next try finds the service well.
    await through.updateOne({ _id: 1 }, { $set: { text: '' } }, { upsert: true })
    assert.equal(await direct.countDocuments(), 1)
  })

test('MongoDB: a slow link is late, and whole', async t => {
  if (!needs(t, 'mongo')) return
  const { through, direct } = await mongoWith(t, { kinds: ['slow'], where: isInsert })
  const before = performance.now()
  await through.insertOne(document)
  assert.ok(performance.now() - before >= WAIT_MS - 10)
  assert.deepEqual(await direct.findOne(), document)
})

test('MongoDB: a reset within the batches of a cursor', async t => {
  if (!needs(t, 'mongo')) return
  const where = (what: string) => what === 'getMore'
  const { through, direct } = await mongoWith(t, { seed: 2, kinds: ['reset-answer'], where })
  const rows = Array.from({ length: 2000 }, (_, _id) => ({ _id, text: 'x'.repeat(200) }))
  await direct.insertMany(rows)
  await assert.rejects(through.find().batchSize(500).toArray(), { name: 'MongoNetworkError' })
  assert.equal((await through.find().batchSize(500).toArray()).length, rows.length)
})

async function postgresWith(t: TestContext, kind: FaultKind, where: (what: string) => boolean) {
  const postgres = await serverOf('postgres')
  const options = { seed: 1, rate: 1, faultsMax: 1, stallMs: WAIT_MS, slowMs: WAIT_MS }
  const proxy = await faultProxy(postgres, { ...options, kinds: [kind], where })
  const direct = new pg.Client(postgres.uri)
  await direct.connect()
  const table = `faults_${process.hrtime.bigint()}`
  await direct.query(`create table ${table} (id int primary key)`)
  t.after(async () => {
    await direct.end()
    await proxy.stop()
  })
  const session = async () => {
    const client = new pg.Client(proxy.uri)
    client.on('error', () => {})
    t.after(() => client.end().catch(() => {}))
    await client.connect()
    return client
  }
  const count = async () =>
    Number((await direct.query(`select count(*) as n from ${table}`)).rows[0].n)
  return { proxy, session, table, count }
}

for (const kind of TCP_KINDS)
  test(`Postgres: ${kind} at a statement with parameters`, async t => {
    if (!needs(t, 'postgres')) return
    const { proxy, session, table, count } = await postgresWith(t, kind, what =>
      what.startsWith('parse insert'),
    )
    const client = await session()
    const before = performance.now()
    const insert = client.query(`insert into ${table} values ($1)`, [1])
    if (kind === 'slow') await insert
    else await assert.rejects(insert)
    if (kind === 'slow' || kind === 'stall') assert.ok(performance.now() - before >= WAIT_MS - 10)
    assert.match(`${proxy.schedule}`, new RegExp(`${kind} .* of parse insert into`))
    assert.equal(await count(), kind === 'reset-request' ? 0 : 1)
  })

test('Postgres: a COMMIT whose answer is lost has happened', async t => {
  if (!needs(t, 'postgres')) return
  const { session, table, count } = await postgresWith(
    t,
    'answer-lost',
    what => what === 'query COMMIT',
  )
  const client = await session()
  await client.query('BEGIN')
  await client.query(`insert into ${table} values (1)`)
  await assert.rejects(client.query('COMMIT'))
  assert.equal(await count(), 1)
})

test('Postgres: a reset within rows on their way, and a new session gets them all', async t => {
  if (!needs(t, 'postgres')) return
  const { session } = await postgresWith(t, 'reset-answer', what => what.startsWith('query select'))
  const many = `select i, repeat('x', 100) from generate_series(1, ${ROWS}) i`
  await assert.rejects((await session()).query(many))
  assert.equal((await (await session()).query(many)).rows.length, ROWS)
})
