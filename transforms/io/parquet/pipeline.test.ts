/** Parquet through the engine: written by one pipeline, read by another, rejects and all. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import { runPipeline } from '../../../engine/run/run.ts'
import { runRows } from '../../../testing/index.ts'
import { pipeline } from '../../pipeline.ts'
import { folderOf } from '../files/testing/read-all.ts'
import { parquet } from './index.ts'
import { duck } from './testing/peers.ts'

const folder = folderOf({})
after(() => folder.remove())

const Sale = schema({
  id: t.int32,
  country: t.utf8,
  price: t.decimal(10, 2),
  customer: t.int64.nullable,
  at: t.timestamp,
})
const rows = Array.from({ length: 30_000 }, (_, i) => ({
  id: i,
  country: ['France', 'Peru', 'Chad'][i % 3] as string,
  price: (i % 1000) / 100,
  customer: i % 4 === 0 ? null : i % 500,
  at: 1.6e12 + i * 1000,
}))

test('what a pipeline writes another reads', async () => {
  const output = join(folder.path, 'sales')
  const write = pipeline({
    name: 'write',
    build(p) {
      p.create(Sale, rows).write(parquet(output, { sortBy: ['country'], names: 'snake_case' }))
    },
  })
  await runPipeline({ pipeline: write, params: {} })
  const [[count] = []] = await duck(`SELECT count(*)::VARCHAR FROM '${output}/**/*.parquet'`)
  assert.equal(count, '30000')
  const { rows: got } = await runRows(p => {
    const sales = p.read(parquet(`${output}/*.parquet`, Sale))
    return {
      late: sales.filter(r => r.id % 10_000 === 7 && r.country !== '' && r.at > 0),
      sums: sales.groupBy('country').aggregate(g => ({ total: g.sum('price'), n: g.count() })),
    }
  })
  assert.deepEqual(
    got.late.toSorted((a, b) => a.id - b.id),
    [7, 10_007, 20_007].map(id => rows[id]),
  )
  const total = (c: string) =>
    Math.round(rows.reduce((sum, r) => sum + (r.country === c ? r.price * 100 : 0), 0)) / 100
  assert.deepEqual(
    got.sums.toSorted((a, b) => (a.country < b.country ? -1 : 1)),
    ['Chad', 'France', 'Peru'].map(country => ({ country, total: total(country), n: 10_000 })),
  )
})

test('rows without a value that the schema wants end in rejects', async () => {
  const path = join(folder.path, 'nulls.parquet')
  await duck(
    `COPY (SELECT i::INTEGER AS id, CASE WHEN i % 5 = 0 THEN NULL ELSE 'x' END AS country FROM range(100) r(i)) TO '${path}' (FORMAT parquet)`,
  )
  const { rows: got } = await runRows(p => {
    const read = p.read(parquet(path, schema({ id: t.int32, country: t.utf8 })))
    return { good: read, bad: read.rejects }
  })
  assert.equal(got.good.length, 80)
  assert.equal(got.bad.length, 20)
  const [first] = got.bad as unknown as { reason: string; column: string; line: number }[]
  assert.deepEqual(
    [first?.reason, first?.column, first?.line],
    ['expected utf8, got null', 'country', 1],
  )
})
