/** Tables in whole pipelines: what is loaded, loaded again, and read back as it will stand. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pipeline, schema, t } from 'millrace'
import { ndjson, table, type TableSinkOptions } from 'millrace/io'
import { runPipeline } from '../../../engine/run/run.ts'
import { DuckDbWarehouse } from './warehouse.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-tables-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const Sale = schema({ saleId: t.int32, shop: t.utf8, price: t.decimal(10, 2), day: t.date })
type Sale = { saleId: number; shop: string; price: number; day: number }
const DAY = Date.UTC(2026, 0, 1)
const sale = (saleId: number, shop: string, price: number, day = 0): Sale => ({
  saleId,
  shop,
  price,
  day: DAY + day * 86_400_000,
})

async function query(path: string, sql: string): Promise<Record<string, unknown>[]> {
  const limits = { memoryBytes: 256e6, threads: 1, tempDirectory: join(folder, 'temp') }
  const w = new DuckDbWarehouse(`duckdb:${path}`, limits)
  try {
    return await w.query(sql)
  } finally {
    await w.close()
  }
}

const lines = (path: string) =>
  readFileSync(join(path, 'part-00000.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))

async function done(definition: Parameters<typeof runPipeline>[0]['pipeline'], limit?: number) {
  const report = await runPipeline({ pipeline: definition, ...(limit ? { limit } : {}) })
  assert.equal(report.status, 'done', JSON.stringify(report.error))
  return report
}

test('an append that is run again counts once', async () => {
  const path = join(folder, 'twice.duckdb')
  const append = pipeline({
    name: 'append',
    build(p) {
      const rows = p.create(Sale, [sale(1, 'a', 1.5), sale(2, 'b', 2.5)])
      rows.write(table(`duckdb:${path}`, 'sales', { mode: 'append' }))
      rows.write(table(`duckdb:${path}`, 'same', { mode: 'append' }))
    },
  })
  await done(append)
  await done(append)
  for (const name of ['sales', 'same'])
    assert.deepEqual(await query(path, `SELECT count(*)::INT AS n FROM ${name}`), [{ n: 2 }])
})

type Mode = TableSinkOptions<'saleId' | 'day'>
const partition = { by: 'day', unit: 'day' } as const
const modes: [string, Mode, string][] = [
  ['replace', { mode: 'replace' }, 'b 20|c 7'],
  ['append', { mode: 'append' }, 'a 10|b 27|c 7'],
  ['merge', { mode: 'merge', key: ['saleId'], latest: 'day' }, 'a 10|b 20|c 7'],
  ['replacePartition', { mode: 'replacePartition', partition }, 'a 10|b 20|c 7'],
]

for (const [name, mode, expected] of modes)
  test(`a table read back is as it will stand: ${name}`, async () => {
    const path = join(folder, `${name}.duckdb`)
    const out = join(folder, name)
    const run = (rows: Sale[], to: string) =>
      pipeline({
        name: 'mart',
        build(p) {
          const written = p
            .create(Sale, rows)
            .write(table(`duckdb:${path}`, 'sales', { ...mode, names: 'snake_case' }))
          p.read(written)
            .filter(r => r.saleId > 0)
            .groupBy('shop')
            .aggregate(g => ({ price: g.sum('price') }))
            .sortBy('shop')
            .write(ndjson(to))
        },
      })
    await done(run([sale(1, 'a', 10), sale(2, 'b', 7, 1)], `${out}-1`))
    const second = run([sale(2, 'b', 20, 1), sale(3, 'c', 7, 2)], `${out}-2`)
    await done(second, 1)
    const before = await query(path, 'SELECT count(*)::INT AS n FROM sales')
    assert.deepEqual(before, [{ n: 2 }], 'a preview publishes nothing')
    const staged = "SELECT count(*)::INT AS n FROM duckdb_tables() WHERE table_name <> 'loads'"
    assert.deepEqual(await query(path, staged), [{ n: 1 }], 'a preview leaves nothing in staging')
    await done(second)
    const got = lines(`${out}-2`).map(r => `${r.shop} ${r.price}`)
    assert.equal(got.join('|'), expected)
    const sql = 'SELECT shop, sum(price)::DOUBLE AS price FROM sales GROUP BY 1 ORDER BY 1'
    const standing = (await query(path, sql)).map(r => `${r['shop']} ${r['price']}`)
    assert.equal(standing.join('|'), expected, 'and so it stands')
  })

test('a run that fails leaves no new warehouse behind, and does not touch one that stands', async () => {
  const path = join(folder, 'failed.duckdb')
  const fails = pipeline({
    name: 'fails',
    build: p => {
      p.create(Sale, [sale(1, 'a', 1)])
        .filter(() => {
          throw new Error('no')
        })
        .write(table(`duckdb:${path}`, 'sales', { mode: 'replace' }))
    },
  })
  assert.equal((await runPipeline({ pipeline: fails })).status, 'failed')
  assert.equal(existsSync(path), false)
  await query(path, 'CREATE TABLE mine AS SELECT 1 AS n')
  assert.equal((await runPipeline({ pipeline: fails })).status, 'failed')
  assert.deepEqual(await query(path, 'FROM mine'), [{ n: 1 }])
})

test('what was written to a folder reads back as it was written', async () => {
  const out = join(folder, 'folder')
  const both = pipeline({
    name: 'folder',
    build(p) {
      const written = p
        .create(Sale, [sale(1, 'a', 1.25), sale(2, 'b', 2)])
        .write(ndjson(`${out}/a`))
      p.read(written)
        .drop('day')
        .write(ndjson(`${out}/b`))
    },
  })
  await done(both)
  assert.deepEqual(
    lines(`${out}/b`),
    lines(`${out}/a`).map(({ day: _, ...rest }) => rest),
  )
})
