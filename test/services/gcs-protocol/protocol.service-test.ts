/** Resumable uploads go on where they broke off, and preconditions hold, as the service has it. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { contents } from '../contents.ts'
import { faultProxy } from '../fault-proxy/proxy.ts'
import { needs, serverOf } from '../services.ts'
import { storageOf } from '../talk.ts'
import { gcsProtocol } from './proxy.ts'
import { STEP_BYTES } from './sessions.ts'

const BYTES = randomBytes(5 * STEP_BYTES + 1000)
let buckets = 0

async function protocol(t: TestContext) {
  const gcs = await serverOf('gcs')
  const proxy = await gcsProtocol(gcs)
  t.after(() => proxy.stop())
  const [bucket] = await storageOf(gcs).createBucket(`protocol-${buckets++}`)
  const ask = async (method: string, path: string, body?: Buffer, headers = {}) => {
    const url = path.startsWith('http') ? path : proxy.uri + path
    const response = await fetch(url, { method, headers, ...(body ? { body } : {}) })
    return { status: response.status, text: await response.text(), headers: response.headers }
  }
  const begin = async (name: string, query = '') => {
    const path = `/upload/storage/v1/b/${bucket.name}/o?uploadType=resumable&name=${name}${query}`
    const { status, headers } = await ask('POST', path)
    assert.equal(status, 200)
    return headers.get('location') ?? ''
  }
  const put = (session: string, from: number, to: number, total: number | '*' = BYTES.length) =>
    ask('PUT', session, BYTES.subarray(from, to), {
      'content-range': `bytes ${from}-${to - 1}/${total}`,
    })
  const status = (session: string) =>
    ask('PUT', session, undefined, { 'content-range': `bytes */${BYTES.length}` })
  const stored = async (name: string) => {
    const response = await fetch(`${gcs.uri}/storage/v1/b/${bucket.name}/o/${name}?alt=media`)
    return Buffer.from(await response.arrayBuffer())
  }
  return { gcs, proxy, bucket, ask, begin, put, status, stored }
}

test('an upload that broke off goes on where the service has come to', async t => {
  if (!needs(t, 'gcs')) return
  const { gcs, proxy, bucket, begin, put, status, stored } = await protocol(t)
  const session = await begin('a')
  assert.deepEqual(proxy.uploads, [`${bucket.name}/a`])
  assert.equal((await status(session)).headers.get('range'), null)
  // The whole is announced; the connection breaks after two and a half steps.
  const sent = Math.floor(2.5 * STEP_BYTES)
  const broken = request(session, { method: 'PUT', headers: { 'content-length': BYTES.length } })
  broken.on('error', () => {})
  broken.write(BYTES.subarray(0, sent))
  await sleep(200)
  broken.destroy()
  const told = await status(session)
  assert.equal(told.status, 308)
  assert.equal(told.headers.get('range'), `bytes=0-${2 * STEP_BYTES - 1}`)
  assert.ok(!(await contents(gcs)).includes(`gs://${bucket.name}/a`), 'a status makes no object')
  assert.equal((await put(session, 2 * STEP_BYTES, 4 * STEP_BYTES)).status, 308)
  const done = await put(session, 4 * STEP_BYTES, BYTES.length)
  assert.equal(done.status, 200)
  assert.equal(JSON.parse(done.text).size, `${BYTES.length}`)
  assert.equal((await status(session)).status, 200)
  assert.deepEqual(await stored('a'), BYTES)
  assert.deepEqual(proxy.uploads, [])
})

test('a chunk that comes twice is kept once; a gap and an odd chunk are refused', async t => {
  if (!needs(t, 'gcs')) return
  const { begin, put, stored } = await protocol(t)
  const session = await begin('a')
  await put(session, 0, 2 * STEP_BYTES)
  assert.equal((await put(session, 3 * STEP_BYTES, 4 * STEP_BYTES)).status, 400)
  const again = await put(session, 0, 2 * STEP_BYTES)
  assert.equal(again.headers.get('range'), `bytes=0-${2 * STEP_BYTES - 1}`)
  assert.equal((await put(session, 2 * STEP_BYTES, 2 * STEP_BYTES + 10)).status, 400)
  await put(session, STEP_BYTES, BYTES.length)
  const last = await put(session, STEP_BYTES, BYTES.length)
  assert.equal(last.status, 200, 'the answer is told again')
  assert.deepEqual(await stored('a'), BYTES)
})

test('a cancelled session is gone; a bucket that is not there has none', async t => {
  if (!needs(t, 'gcs')) return
  const { proxy, ask, begin, put, status } = await protocol(t)
  const session = await begin('a')
  await put(session, 0, STEP_BYTES)
  assert.equal((await ask('DELETE', session)).status, 499)
  assert.equal((await status(session)).status, 404)
  assert.deepEqual(proxy.uploads, [])
  const path = '/upload/storage/v1/b/nowhere/o?uploadType=resumable&name=a'
  assert.equal((await ask('POST', path)).status, 404)
})

test('preconditions hold: of an upload when it ends, of deletes, rewrites, compositions and reads', async t => {
  if (!needs(t, 'gcs')) return
  const { bucket, ask, begin, put, stored } = await protocol(t)
  const first = await begin('a', '&ifGenerationMatch=0')
  const second = await begin('a', '&ifGenerationMatch=0')
  assert.equal((await put(first, 0, BYTES.length)).status, 200)
  assert.equal((await put(second, 0, BYTES.length)).status, 412)
  await bucket.file('b').save('other', { resumable: false })
  const of = (name: string) => `/storage/v1/b/${bucket.name}/o/${name}`
  const { generation } = JSON.parse((await ask('GET', of('a'))).text) as { generation: string }
  const rewrite = `${of('b')}/rewriteTo${of('a').slice('/storage/v1'.length)}`
  const wrong: readonly (readonly [string, string])[] = [
    ['DELETE', `${of('a')}?ifGenerationMatch=1`],
    ['POST', `${rewrite}?ifGenerationMatch=0`],
    ['POST', `${rewrite}?ifSourceGenerationMatch=1`],
    ['POST', `${of('a')}/compose?ifGenerationMatch=0`],
    ['GET', `${of('a')}?alt=media&ifGenerationMatch=1`],
  ]
  for (const [method, path] of wrong) {
    const { status, text } = await ask(method, path)
    assert.equal(status, 412, `${method} ${path}`)
    assert.equal(JSON.parse(text).error.errors[0].reason, 'conditionNotMet')
  }
  assert.equal((await ask('GET', `${of('a')}?alt=media&generation=1`)).status, 404)
  assert.deepEqual(await stored('a'), BYTES)
  assert.equal((await ask('GET', `${of('a')}?ifGenerationMatch=${generation}`)).status, 200)
  assert.equal((await ask('POST', `${rewrite}?ifGenerationMatch=${generation}`)).status, 200)
  assert.equal((await stored('a')).toString(), 'other')
})

test('of twenty that write where nothing stands one wins', async t => {
  if (!needs(t, 'gcs')) return
  const { bucket, ask } = await protocol(t)
  await bucket.file('from').save('x', { resumable: false })
  const path = `/storage/v1/b/${bucket.name}/o/from/rewriteTo/b/${bucket.name}/o/to?ifGenerationMatch=0`
  const told = await Promise.all(Array.from({ length: 20 }, () => ask('POST', path)))
  const statuses = told.map(({ status }) => status).sort()
  assert.deepEqual(statuses, [200, ...Array.from({ length: 19 }, () => 412)])
})

test("behind the fault proxy the official client's resumable uploads arrive whole", async t => {
  if (!needs(t, 'gcs')) return
  const { proxy, bucket, stored } = await protocol(t)
  for (let seed = 0; seed < 3; seed++) {
    const kinds = ['reset-request', '503', 'slow', 'answer-lost'] as const
    // The client gives up where the status request after a fault fails as well.
    const few = { rate: 0.4, inARowMax: 1, slowMs: 50 }
    const faulty = await faultProxy(proxy, { seed, kinds, ...few })
    t.after(() => faulty.stop())
    const storage = storageOf(faulty)
    storage.retryOptions.maxRetryDelay = 1
    const file = storage.bucket(bucket.name).file(`${seed}`)
    const preconditionOpts = { ifGenerationMatch: 0 }
    await file.save(BYTES, { resumable: true, chunkSize: STEP_BYTES, preconditionOpts })
    const sum = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex')
    assert.equal(sum(await stored(`${seed}`)), sum(BYTES), `${faulty.schedule}`)
  }
})
