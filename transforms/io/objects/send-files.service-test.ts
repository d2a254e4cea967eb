/** Files sent in parallel: all arrive, again they are taken as they are, and another one's is not replaced. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bucketOn, fileOf, KINDS, namesIn } from '../../../test/services/objects/buckets.ts'
import { needs } from '../../../test/services/services.ts'
import type { Fault } from '../../../engine/fault.ts'
import { sendFiles } from './send-files.ts'
import { storeOf } from './store-of.ts'

for (const kind of KINDS) {
  test(`${kind}: files arrive whole and in order, and a second time nothing is sent`, async t => {
    if (!needs(t, kind)) return
    const bucket = await bucketOn(kind, 'files')
    const prefix = `${bucket}/load x/`
    const files = Array.from({ length: 70 }, (_, i) => ({
      path: fileOf(`${kind}-file-${i}`, i * 5_000, i + 1),
      uri: `${prefix}part-${String(i).padStart(5, '0')}.parquet`,
    }))
    const arrived: string[] = []
    const made = await sendFiles(files, { arrived: ({ uri }) => arrived.push(uri) })
    assert.deepEqual(
      made.map(({ uri, bytes }) => [uri, bytes]),
      files.map(({ uri }, i) => [uri, i * 5_000]),
    )
    assert.equal(arrived.length, 70)
    assert.equal((await namesIn(prefix)).length, 70)
    assert.deepEqual(await sendFiles(files), made)
  })

  test(`${kind}: another object under one of the names is not replaced`, async t => {
    if (!needs(t, kind)) return
    const bucket = await bucketOn(kind, 'taken')
    const store = await storeOf(bucket)
    const uri = `${bucket}/load/part-00001.parquet`
    await store.put(uri, Buffer.from('theirs'))
    const files = [0, 1, 2].map(i => ({
      path: fileOf(`${kind}-taken-${i}`, 1000, i + 1),
      uri: `${bucket}/load/part-0000${i}.parquet`,
    }))
    await assert.rejects(sendFiles(files, { parallel: 1 }), (error: Fault) => {
      assert.equal(error.kind, 'data')
      assert.match(error.message, /part-00001\.parquet: nothing was replaced/)
      return true
    })
    assert.deepEqual(await namesIn(`${bucket}/`), [
      'load/part-00000.parquet',
      'load/part-00001.parquet',
    ])
    assert.equal(Buffer.from((await store.get(uri))?.bytes ?? []).toString(), 'theirs')
  })
}
