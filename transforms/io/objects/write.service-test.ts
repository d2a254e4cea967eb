/** Both stores, written to on real servers: nothing is seen before commit, once it is, it is so for good. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { needs } from '../../../test/services/services.ts'
import { Fault } from '../../../engine/fault.ts'
import type { PendingObject, StoredObject } from './store.ts'
import { storeOf } from './store-of.ts'
import {
  bucketOn,
  fileOf,
  folder,
  KINDS,
  leftIn,
  namesIn,
  textOf,
} from '../../../test/services/objects/buckets.ts'

async function digestOf(uri: string): Promise<string> {
  const store = await storeOf(uri)
  const object = (await store.stat(uri)) as StoredObject
  const hash = createHash('sha256')
  const bytes = Buffer.alloc(object.bytes)
  await store.read(object, 0, bytes)
  hash.update(bytes)
  return hash.digest('hex')
}
const fileDigest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

test('gcs: what a request that arrived twice has sent twice is shown, and no part of it is left', async t => {
  if (!needs(t, 'gcs')) return
  const bucket = await bucketOn('gcs', 'twice')
  const store = await storeOf(bucket)
  const [uri, file] = [`${bucket}/p.csv`, fileOf('gcs-twice', 1000)]
  const pending = await store.send(file, uri)
  assert.notEqual((await store.send(file, uri)).token, pending.token)
  assert.equal((await store.commit(pending)).bytes, 1000)
  assert.deepEqual(await namesIn(`${bucket}/`), ['p.csv'])
})

for (const kind of KINDS) {
  test(`${kind}: what is sent is seen by commit alone, whatever its size`, async t => {
    if (!needs(t, kind)) return
    const bucket = await bucketOn(kind, 'sizes')
    const store = await storeOf(bucket)
    const hidden = `${bucket}/out/_millrace/k/`
    const sizes = [0, 1, 100_000, (8 << 20) + 5, 40 << 20]
    const pending = await Promise.all(
      sizes.map(bytes =>
        store.send(fileOf(`${kind}-${bytes}`, bytes), `${bucket}/out/p-${bytes}.csv`, { hidden }),
      ),
    )
    assert.deepEqual(await namesIn(`${bucket}/out/`, false), [])
    assert.equal((await leftIn(store, `${bucket}/out/`, hidden)).length, sizes.length)
    for (const one of pending) assert.equal(await store.holds(one), true)
    const shown = await Promise.all(pending.map(one => store.commit(one)))
    // Again, as after an answer that was lost.
    assert.deepEqual(await Promise.all(pending.map(one => store.commit(one))), shown)
    assert.deepEqual(await leftIn(store, `${bucket}/out/`, hidden), [])
    for (const [i, bytes] of sizes.entries()) {
      const { uri, version } = shown[i] as (typeof shown)[number]
      assert.equal(await digestOf(uri), fileDigest(join(folder(), `${kind}-${bytes}`)))
      const standing = await store.stat(uri)
      assert.deepEqual([standing?.bytes, standing?.version], [bytes, version])
      assert.equal(await store.holds(pending[i] as PendingObject), true)
    }
  })

  test(`${kind}: names of all sorts are taken as they are`, async t => {
    if (!needs(t, kind)) return
    const bucket = await bucketOn(kind, 'names')
    const store = await storeOf(bucket)
    const prefix = `${bucket}/a b#c/50%/ä€/`
    const path = fileOf(`${kind}-name`, 10)
    const names = [
      'x?y.csv',
      'x&y=z.csv',
      'x+y.csv',
      "x'(1)*!.csv",
      'month=2011-01-01/p.csv',
      '日本.csv',
    ]
    for (const name of names) await store.commit(await store.send(path, prefix + name))
    const found = (await namesIn(prefix)).sort()
    assert.deepEqual(found, [...names].sort())
    for (const name of names) assert.equal(await digestOf(prefix + name), fileDigest(path))
  })

  test(`${kind}: an object in the way is not replaced, and what was sent can be taken back`, async t => {
    if (!needs(t, kind)) return
    const bucket = await bucketOn(kind, 'way')
    const store = await storeOf(bucket)
    const uri = `${bucket}/out/p.csv`
    const pending = await store.send(fileOf(`${kind}-new`, 1000, 2), uri)
    assert.equal(await store.put(uri, Buffer.from('theirs'), null), true)
    await assert.rejects(store.commit(pending), (error: Fault) => {
      assert.equal(error.kind, 'data')
      assert.match(error.message, /another object stands at (gs|s3):\/\/way\/out\/p\.csv/)
      return true
    })
    assert.equal(await textOf(uri), 'theirs')
    await store.discard(pending)
    await store.discard(pending)
    assert.equal(await store.holds(pending), false)
    assert.deepEqual(await namesIn(`${bucket}/`), ['out/p.csv'])
    await store.remove(uri)
    await store.remove(uri)
    assert.deepEqual(await namesIn(`${bucket}/`), [])
  })

  test(`${kind}: what was sent and is gone is a fault that says so`, async t => {
    if (!needs(t, kind)) return
    const bucket = await bucketOn(kind, 'gone')
    const store = await storeOf(bucket)
    const pending = await store.send(fileOf(`${kind}-gone`, 10), `${bucket}/p.csv`)
    await store.discard(pending)
    await assert.rejects(store.commit(pending), /is gone before it was shown/)
  })

  test(`${kind}: small objects replace the version that was seen, and of a race one wins`, async t => {
    if (!needs(t, kind)) return
    const bucket = await bucketOn(kind, 'puts')
    const store = await storeOf(bucket)
    const uri = `${bucket}/mark.json`
    const tries = Array.from({ length: 12 }, (_, i) => store.put(uri, Buffer.from(`n ${i}`), null))
    assert.equal((await Promise.all(tries)).filter(Boolean).length, 1)
    const first = await store.get(uri)
    assert.equal(await store.put(uri, Buffer.from('second'), first?.version), true)
    assert.equal(await store.put(uri, Buffer.from('third'), first?.version), false)
    assert.equal(await textOf(uri), 'second')
    assert.equal(await store.put(uri, Buffer.from('fourth')), true)
    assert.equal(await store.put(`${bucket}/none.json`, Buffer.from('x'), first?.version), false)
  })

  test(`${kind}: a bucket that is not there, and a file that is not`, async t => {
    if (!needs(t, kind)) return
    const bucket = await bucketOn(kind, 'there')
    const store = await storeOf(bucket)
    const uri = `${bucket.replace('there', 'nowhere')}/p.csv`
    const path = fileOf(`${kind}-file`, 10)
    const put = () => store.put(uri, Buffer.from('x'), null)
    for (const ask of [() => store.send(path, uri), put])
      await assert.rejects(ask, (error: Fault) => {
        assert.ok(error instanceof Fault)
        assert.equal(error.kind, 'resource')
        assert.match(error.message, /nowhere\/p\.csv cannot be written: there is no such bucket/)
        assert.match(error.hint ?? '', /check the name of the bucket/)
        return true
      })
    await assert.rejects(store.send(`${path}.none`, `${bucket}/p.csv`), /ENOENT/)
  })

  test(`${kind}: a signal ends what is being sent, and leaves nothing`, async t => {
    if (!needs(t, kind)) return
    const bucket = await bucketOn(kind, 'ended')
    const store = await storeOf(bucket)
    const controller = new AbortController()
    const hidden = `${bucket}/_millrace/k/`
    const path = join(folder(), `${kind}-long`)
    writeFileSync(path, Buffer.alloc(64 << 20, 7))
    const o = { hidden, signal: controller.signal }
    const sending = store.send(path, `${bucket}/long.csv`, o)
    setTimeout(() => controller.abort(), 30)
    await assert.rejects(sending)
    assert.deepEqual(await leftIn(store, `${bucket}/`, hidden), [])
  })
}
