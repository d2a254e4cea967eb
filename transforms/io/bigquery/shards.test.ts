/** Planning of load jobs: their limits, their order, and how long it takes. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { placeOf } from './place.ts'
import { chunksOf, JOB_LIMITS, planShards } from './shards.ts'
import { defaults } from './testing/sample.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-shards-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const load = (files: readonly string[]): TableLoad => ({
  id: 'x'.repeat(64),
  table: 'sales',
  columns: [{ name: 'id', kind: t.int32 }],
  files,
  rows: files.length,
  options: defaults,
  at: 'user.ts:1  .write',
})

test('a job takes 10,000 URIs and 15 TB; every shard is in one job, in order', () => {
  const sizes = (count: number, bytes: number) => new Array<number>(count).fill(bytes)
  const cut = (bytes: number[]) => chunksOf(load([]), bytes).map(c => [c.index, c.from, c.to])
  assert.deepEqual(cut([]), [])
  assert.deepEqual(cut(sizes(10_000, 1)), [[0, 0, 10_000]])
  assert.deepEqual(cut(sizes(20_001, 1)), [
    [0, 0, 10_000],
    [1, 10_000, 20_000],
    [2, 20_000, 20_001],
  ])
  assert.deepEqual(cut(sizes(4, 6e12)), [
    [0, 0, 2],
    [1, 2, 4],
  ])
})

test('a shard that no job takes is named', () => {
  assert.throws(
    () => chunksOf(load(['a.parquet', 'b.parquet']), [1, JOB_LIMITS.bytes + 1]),
    error => {
      assert.ok(error instanceof Fault)
      assert.match(error.render(), /a shard has 15000000000001 bytes[\s\S]*file {2}b\.parquet/)
      return true
    },
  )
})

test('10,000 shards are planned in less than two seconds', async () => {
  const real = Array.from({ length: 100 }, (_, i) => join(folder, `${i}.parquet`))
  for (const file of real) writeFileSync(file, 'PAR1')
  const files = Array.from({ length: 10_000 }, (_, i) => real[i % 100] as string)
  const started = performance.now()
  const { uris, chunks } = await planShards(load(files), placeOf('gs://bucket/a/b/'))
  const took = performance.now() - started
  assert.equal(new Set(uris).size, 10_000)
  assert.match(
    uris[9_999] ?? '',
    /^gs:\/\/bucket\/a\/b\/millrace\/[0-9a-f]{32}\/part-09999\.parquet$/,
  )
  assert.deepEqual(
    chunks.map(({ bytes, ...chunk }) => chunk),
    [{ index: 0, from: 0, to: 10_000 }],
  )
  assert.ok((chunks[0]?.bytes ?? 0) > 0)
  console.log(`10,000 shards planned in ${took.toFixed(0)} ms`)
  assert.ok(took < 2000, `${took} ms`)
})
