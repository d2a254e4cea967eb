/** Shards of loads that died on their way into a warehouse are found, and those that a load may read are not. */
import assert from 'node:assert/strict'
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bucketOn, serviceOf } from '../../../test/services/objects/buckets.ts'
import { needs } from '../../../test/services/services.ts'
import { leftBehindIn } from './left-behind.ts'
import { storeOf } from './store-of.ts'

test('shards that were sent for a load and never loaded', async t => {
  if (!needs(t, 's3')) return
  const bucket = await bucketOn('s3', 'staged')
  const store = await storeOf(bucket)
  const { folder } = await serviceOf('s3')
  const put = async (name: string, hours: number) => {
    await store.put(`${bucket}/${name}`, Buffer.from('x'))
    const at = new Date(Date.now() - hours * 3_600_000)
    utimesSync(join(folder, 'staged', name), at, at)
  }
  const hash = '0123456789abcdef'.repeat(2)
  await put(`loads/millrace/${hash}/part-00000.parquet`, 13)
  await put(`loads/millrace/${hash}/part-00001.parquet`, 1)
  await put('loads/millrace/mine/part-00000.parquet', 13)
  const found: string[] = []
  const search = { before: Date.now(), isAlive: () => null, busy: () => {} }
  for await (const left of leftBehindIn(`${bucket}/loads`, search)) {
    found.push(`${left.what} ${left.where.slice(bucket.length)}`)
    await left.remove()
  }
  assert.deepEqual(found, [
    `shard of a load, never loaded /loads/millrace/${hash}/part-00000.parquet`,
  ])
  assert.equal(await store.stat(`${bucket}/loads/millrace/${hash}/part-00000.parquet`), null)
})
