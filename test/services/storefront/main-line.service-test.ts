/**
 * The main line on real servers: MongoDB and S3 through Parquet on Cloud Storage into BigQuery, hour by
 * hour; two runs of one hour at once; an audit that fails.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { HOUR, shopOf } from '../../../pipelines/storefront/generate/index.ts'
import type { Order } from '../../../pipelines/storefront/schema.ts'
import { isInstalled, needs } from '../services.ts'
import { Life } from './life.ts'

const all = ['bigquery', 's3', 'mongo'] as const
/**
 * Of one run: a load a table; and of the queries two previews, three looks at the warehouse's ledger, one
 * that makes JSON of texts, one for all audits, and one that publishes; and where publications take turns,
 * or a question is asked anew, some more. However many tables there are.
 */
const LOADS = 6
const QUERIES_MAX = 12
let life: Life

const jobsSince = (before: Record<string, number>) =>
  Object.fromEntries(
    Object.entries(life.world.jobs).map(([type, n]) => [type, n - (before[type] ?? 0)]),
  )

before(async () => {
  if (all.every(isInstalled)) life = await Life.start(shopOf(120))
})
after(() => life?.stop())

test('hour after hour the tables are as the generator knows', async t => {
  if (!needs(t, ...all)) return
  for (let i = 0; i < 3; i++) {
    const hour = await life.next()
    const before = life.world.jobs
    const { code, err, out } = await life.run().ended
    assert.equal(code, 0, err)
    const { LOAD, QUERY = 0 } = jobsSince(before)
    assert.equal(LOAD, LOADS)
    assert.ok(QUERY <= QUERIES_MAX, `${QUERY} queries`)
    assert.match(out, /1 row rejected by read mongo .*\/shop\/orders/)
    await life.check(`hour ${hour}`)
  }
})

test('an hour that is published is not published again', async t => {
  if (!needs(t, ...all)) return
  const { code, err, out } = await life.run().ended
  assert.equal(code, 0, err)
  assert.match(`${out}${err}`, /skipped|published already/)
  await life.check('once more')
})

test('of two runs of an hour at once, one publishes', async t => {
  if (!needs(t, ...all)) return
  await life.next()
  const two = await Promise.all([life.run().ended, life.run().ended])
  const words = two.map(({ out, err }) => `${out}${err}`)
  const said = words.filter(w => /is being run already|published already|skipped/.test(w))
  assert.equal(said.length, 1, words.join('\n'))
  assert.equal(words.filter(w => / done in /.test(w)).length, 1, words.join('\n'))
  await life.check('two at once')
})

test('where an audit fails nothing is published, until what it found is mended', async t => {
  if (!needs(t, ...all)) return
  const hour = await life.next()
  const { start } = life.interval
  const order: Order = {
    orderId: 'unknown-product',
    customerId: 'c0000001',
    status: 'open',
    lines: [{ line: 1, productId: 'nobody knows', quantity: 1, price: 9.5 }],
    payment: null,
    createdAt: start + HOUR / 3,
    updatedAt: start + HOUR / 3,
    deleted: false,
  }
  await life.world.writeOrder(order)
  const { code, err } = await life.run().ended
  assert.equal(code, 1, err)
  assert.match(err, /audit "product_id refers to products.product_id" of table order_lines failed/)
  assert.match(err, /nobody knows/)
  assert.deepEqual(await life.world.differences(hour - 1), [])
  const kept = await life.world.leftovers()
  assert.ok(
    kept.some(name => name.startsWith('millrace_staging_order_lines')),
    `${kept}`,
  )
  assert.ok(
    kept.every(name => name.startsWith('millrace_staging')),
    `${kept}`,
  )
  await life.world.writeOrder({ ...order, deleted: true, updatedAt: order.updatedAt + 1000 })
  life.kept = kept
  const mended = await life.run().ended
  assert.equal(mended.code, 0, mended.err)
  await life.check('mended')
})
