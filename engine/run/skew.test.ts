/** A hot key is found, and named. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runRows } from 'millrace/testing'
import { schema, t } from 'millrace'

const Visit = schema({ shop: t.utf8, visits: t.int32 })

const visits = (hot: number) =>
  Array.from({ length: 120_000 }, (_, i) => ({
    shop: i % 10 < hot ? 'main "street"' : `shop ${i}`,
    visits: i,
  }))

async function hotKeys(hot: number) {
  const { report } = await runRows(
    p => ({
      out: p
        .create(Visit, visits(hot))
        .groupBy('shop')
        .top(1, { by: 'visits', order: 'desc' })
        .filter(r => r.visits < 5),
    }),
    { partitions: 16 },
  )
  return report.hotKeys
}

test('a partition far above its share is reported, with its key', async () => {
  const [found, ...more] = await hotKeys(9)
  assert.equal(more.length, 0)
  assert.equal(found?.key, '"main \\"street\\""')
  assert.deepEqual(found.keys, ['shop'])
  assert.ok(found.rows >= 108_000 && found.rows < 120_000 && found.share > 0.9)
})

test('keys that spread are not', async () => {
  assert.deepEqual(await hotKeys(0), [])
})
