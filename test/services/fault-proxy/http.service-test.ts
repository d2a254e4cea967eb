/** Each fault over HTTP is shown to happen: what the client sees of it, and what the service did. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { CreateBucketCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { needs, serverOf } from '../services.ts'
import { s3Of, storageOf } from '../talk.ts'
import { type FaultProxy, faultProxy } from './proxy.ts'
import type { FaultKind, FaultOptions } from './schedule.ts'

const BYTES = randomBytes(600_000)
const WAIT_MS = 400
let buckets = 0

interface Case {
  readonly proxy: FaultProxy
  readonly bucket: string
  /** Uploads the bytes as an object through the proxy, without any retry. */
  readonly upload: (name: string) => Promise<Response>
  /** Its bytes through the proxy. */
  readonly download: (name: string) => Promise<Buffer>
  /** Names and sizes that the service has. */
  readonly stored: () => Promise<Record<string, number>>
}

async function withFault(
  t: TestContext,
  kind: FaultKind,
  options: Partial<FaultOptions> = {},
): Promise<Case> {
  const gcs = await serverOf('gcs')
  const all = { seed: 1, kinds: [kind], rate: 1, inARowMax: 100, stallMs: WAIT_MS, slowMs: WAIT_MS }
  const proxy = await faultProxy(gcs, { ...all, ...options })
  t.after(() => proxy.stop())
  const [bucket] = await storageOf(gcs).createBucket(`faults-${buckets++}`)
  await bucket.file('there').save(BYTES, { resumable: false })
  const api = `${proxy.uri}/upload/storage/v1/b/${bucket.name}/o?uploadType=media&name=`
  const upload = (name: string) => fetch(api + name, { method: 'POST', body: BYTES })
  const download = async (name: string) => {
    const of = `${proxy.uri}/storage/v1/b/${bucket.name}/o/${name}?alt=media`
    return Buffer.from(await (await fetch(of)).arrayBuffer())
  }
  const stored = async () => {
    const [files] = await bucket.getFiles()
    return Object.fromEntries(files.map(({ name, metadata }) => [name, Number(metadata.size)]))
  }
  return { proxy, bucket: bucket.name, upload, download, stored }
}

const only = { there: BYTES.length }

test('without a fault everything passes', async t => {
  if (!needs(t, 'gcs')) return
  const { proxy, upload, download, stored } = await withFault(t, '500', { rate: 0 })
  assert.equal((await upload('new')).status, 200)
  assert.deepEqual(await download('new'), BYTES)
  assert.deepEqual(await stored(), { ...only, new: BYTES.length })
  assert.equal(proxy.schedule.injected.length, 0)
  assert.equal(proxy.schedule.requests, 2)
})

for (const status of ['429', '500', '503'] as const)
  test(`${status} is told as the service tells it, and nothing is done`, async t => {
    if (!needs(t, 'gcs')) return
    const { proxy, upload, stored } = await withFault(t, status)
    const answer = await upload('new')
    assert.equal(answer.status, Number(status))
    const { error } = (await answer.json()) as { error: { code: number; errors: object[] } }
    assert.equal(error.code, Number(status))
    assert.equal(error.errors.length, 1)
    if (status === '503') assert.equal(answer.headers.get('retry-after'), '1')
    assert.deepEqual(await stored(), only)
    assert.match(
      `${proxy.schedule}`,
      new RegExp(`seed 1, 1 faults\\n {2}${status} at .* of POST /upload`),
    )
  })

test('a reset within the request: the service has no such object', async t => {
  if (!needs(t, 'gcs')) return
  const { upload, stored } = await withFault(t, 'reset-request')
  await assert.rejects(upload('new'))
  assert.deepEqual(await stored(), only)
})

for (const kind of ['reset-answer', 'truncated'] as const)
  test(`${kind}: a part of the bytes comes, and the client can tell`, async t => {
    if (!needs(t, 'gcs')) return
    const { proxy, bucket } = await withFault(t, kind, { seed: 3 })
    const answer = await fetch(`${proxy.uri}/storage/v1/b/${bucket}/o/there?alt=media`)
    assert.equal(answer.status, 200)
    let bytes = 0
    const read = async () => {
      for await (const chunk of answer.body!) bytes += chunk.length
    }
    await assert.rejects(read())
    const { fraction } = proxy.schedule.injected[0]!
    if (kind === 'truncated') assert.equal(bytes, Math.floor(BYTES.length * fraction))
    assert.ok(bytes > 0 && bytes < BYTES.length, `${bytes} bytes`)
  })

test('a lost answer: the object is there, the client knows nothing of it', async t => {
  if (!needs(t, 'gcs')) return
  const { upload, stored } = await withFault(t, 'answer-lost')
  await assert.rejects(upload('new'))
  assert.deepEqual(await stored(), { ...only, new: BYTES.length })
})

test('a stall ends by a reset after its time', async t => {
  if (!needs(t, 'gcs')) return
  const { download } = await withFault(t, 'stall')
  const before = performance.now()
  await assert.rejects(download('there'))
  assert.ok(performance.now() - before >= WAIT_MS - 10)
})

test('a slow link is late, and whole', async t => {
  if (!needs(t, 'gcs')) return
  const { download } = await withFault(t, 'slow')
  const before = performance.now()
  assert.deepEqual(await download('there'), BYTES)
  assert.ok(performance.now() - before >= WAIT_MS - 10)
})

test('a duplicated request is done twice', async t => {
  if (!needs(t, 'gcs')) return
  const { proxy, bucket, stored } = await withFault(t, 'duplicated')
  const api = `${proxy.uri}/upload/storage/v1/b/${bucket}/o?uploadType=media&ifGenerationMatch=0`
  const statuses = new Set<number>()
  for (let i = 0; i < 12; i++) {
    const answer = await fetch(`${api}&name=${i}`, { method: 'POST', body: BYTES })
    await answer.arrayBuffer()
    statuses.add(answer.status)
  }
  // The second finds what the first has made; which of the answers is told is drawn.
  assert.deepEqual([...statuses].sort(), [200, 412])
  assert.equal(Object.keys(await stored()).length, proxy.schedule.injected.length + 5)
})

test('corrupted: one byte is another; shortened: fewer bytes, and no sign of it', async t => {
  if (!needs(t, 'gcs')) return
  const wrong = await (await withFault(t, 'corrupted')).download('there')
  assert.equal(wrong.length, BYTES.length)
  assert.equal(wrong.filter((byte, i) => byte !== BYTES[i]).length, 1)
  const short = await (await withFault(t, 'shortened')).download('there')
  assert.ok(short.length < BYTES.length)
  assert.deepEqual(short, BYTES.subarray(0, short.length))
})

test('a resumable upload goes on through the proxy', async t => {
  if (!needs(t, 'gcs')) return
  const { proxy, bucket, stored } = await withFault(t, '503', { where: () => false })
  await storageOf(proxy).bucket(bucket).file('new').save(BYTES, { resumable: true })
  assert.deepEqual(await stored(), { ...only, new: BYTES.length })
  assert.ok(proxy.schedule.requests >= 2, 'the session is at the proxy')
})

test('signatures of S3 hold through the proxy, and its client gets over faults', async t => {
  if (!needs(t, 's3')) return
  const s3 = await serverOf('s3')
  const proxy = await faultProxy(s3, {
    seed: 5,
    rate: 0.5,
    kinds: ['429', '500', '503', 'answer-lost'],
  })
  t.after(() => proxy.stop())
  const direct = s3Of(s3)
  const client = s3Of(proxy)
  await direct.send(new CreateBucketCommand({ Bucket: 'faults' }))
  for (let i = 0; i < 8; i++) {
    const Key = `a b/é?#${i}`
    await client.send(new PutObjectCommand({ Bucket: 'faults', Key, Body: BYTES }))
    const { ContentLength } = await direct.send(new HeadObjectCommand({ Bucket: 'faults', Key }))
    assert.equal(ContentLength, BYTES.length)
  }
  assert.ok(proxy.schedule.injected.length > 0, `${proxy.schedule}`)
  client.destroy()
  direct.destroy()
})
