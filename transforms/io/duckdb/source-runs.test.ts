/** Runs that read a DuckDB file from where the last one ended, merge into another, and preview. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pipeline, schema, t } from 'millrace'
import { table } from 'millrace/io'
import { LedgerFolder } from '../../../engine/run/ledger/folder.ts'
import { runPipeline } from '../../../engine/run/run.ts'
import { fileOf, folder, query } from './testing/read-table.ts'

const Order = schema({ id: t.int32, total: t.decimal(10, 2), at: t.timestamp, gone: t.bool })

test('each run reads what is new and merges it; the latest row of a key stays', async () => {
  const shop = await fileOf(
    'shop.duckdb',
    'CREATE TABLE orders (id INTEGER, total DECIMAL(10,2), "at" TIMESTAMPTZ, gone BOOLEAN)',
    "INSERT INTO orders VALUES (1, 1.50, '2024-01-01 10:00:00Z', false), (2, 2, '2024-01-01 11:00:00Z', false)",
  )
  const mart = `duckdb:${join(folder, 'mart.duckdb')}`
  const definition = pipeline({
    name: 'mart',
    build(p) {
      const incremental = { by: 'at', overlap: '10min', deleted: 'gone' } as const
      p.read(table(shop, 'orders', Order, { incremental })).write(
        table(mart, 'orders', { mode: 'merge', key: ['id'], latest: 'at', deleted: 'gone' }),
      )
    },
  })
  const ledger = new LedgerFolder(join(folder, 'ledger'))
  const run = async (read: number, o: { limit?: number } = {}) => {
    const report = await runPipeline({ pipeline: definition, ledger, ...o })
    assert.equal(report.status, 'done', JSON.stringify(report.error))
    assert.equal(report.rows.read, read)
  }
  const standing = async () =>
    (await query(mart, 'FROM orders ORDER BY id')).map(r => `${r['id']} ${r['total']}`)
  await run(1, { limit: 1 })
  await run(2)
  const first = await standing()
  assert.equal(first.length, 2)
  await query(
    shop,
    `INSERT INTO orders VALUES (1, 9, '2024-01-01 12:00:00Z', false), (2, 2, '2024-01-01 12:00:00Z', true),
      (3, 3, '2024-01-01 10:55:00Z', false), (4, 4, '2024-01-01 10:00:00Z', false)`,
  )
  // Of the overlap's ten minutes the first run's last row is read again; what is older is not.
  await run(4)
  assert.deepEqual(
    (await standing()).map(line => line.slice(0, 3).trim()),
    ['1 9', '3 3'],
  )
  await run(2)
  assert.equal((await standing()).length, 2)
})
