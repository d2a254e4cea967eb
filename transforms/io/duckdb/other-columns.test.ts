/** A table that stands with other columns is told of before anything is read; replaced, it may have any. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { t } from '../../../engine/data/schema.ts'
import {
  assertRefusedEarly,
  assertWritten,
  KEEPING,
  tryWrite,
} from '../../../test/other-columns.ts'
import { audits } from '../table/audits.ts'
import { limits, loadOf, put, shard } from './sample.ts'
import { DuckDbWarehouse } from './warehouse.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-columns-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const columns = [{ name: 'id', kind: t.int32 }]

async function query(uri: string, sql: string): Promise<Record<string, unknown>[]> {
  const w = new DuckDbWarehouse(uri, limits(folder))
  try {
    return await w.query(sql)
  } finally {
    await w.close()
  }
}

for (const options of KEEPING)
  test(`other columns are told before anything is read: ${options.mode}`, async c => {
    const uri = `duckdb:${join(folder, options.mode)}.duckdb`
    await query(uri, 'CREATE TABLE Sales (SALE_ID BIGINT, shop VARCHAR, day DATE, gone DATE)')
    assertRefusedEarly(await tryWrite(c, uri, options), [
      'sale_id: expected INTEGER, the table has BIGINT',
      'paid: expected BOOLEAN, the table has no such column',
      'gone: in the table only',
    ])
    const tables = "SELECT table_name AS t FROM duckdb_tables() WHERE table_name <> 'loads'"
    assert.deepEqual(await query(uri, tables), [{ t: 'Sales' }], 'nothing was staged')
    await query(uri, 'ALTER TABLE Sales ALTER sale_id TYPE INTEGER')
    await query(uri, 'ALTER TABLE Sales RENAME gone TO paid')
    await query(uri, 'ALTER TABLE Sales ALTER paid TYPE BOOLEAN USING true')
    assertWritten(await tryWrite(c, uri, options))
  })

test('a table that is replaced may have any columns; one that is not there is made', async c => {
  const uri = `duckdb:${join(folder, 'replaced')}.duckdb`
  await query(uri, 'CREATE TABLE sales (gone DATE)')
  assertWritten(await tryWrite(c, uri, { mode: 'replace' }))
  const all = 'SELECT sale_id, shop, paid FROM sales'
  assert.deepEqual(await query(uri, all), [{ sale_id: 1, shop: 'a', paid: true }])
  assertWritten(await tryWrite(c, `duckdb:${join(folder, 'new')}.duckdb`, { mode: 'append' }))
})

test('options that do not fit the columns are told by the check; a table that changes later, by the publication', async () => {
  const uri = `duckdb:${join(folder, 'later')}.duckdb`
  await query(uri, 'CREATE TABLE sales (id INTEGER)')
  const w = new DuckDbWarehouse(uri, limits(folder))
  const files = [await shard(join(folder, 'later.parquet'), 'SELECT 1::INTEGER AS id')]
  const load = loadOf({ id: '1', columns, files, rows: 1, mode: 'append' })
  const audited = { ...load, options: { ...load.options, audit: [audits.unique('di')] } }
  await assert.rejects(w.check([load, audited]), /asks for column "di", which does not exist/)
  await w.check([load])
  await w.query('ALTER TABLE sales ADD COLUMN gone DATE')
  await assert.rejects(put(w, load), /table sales has other columns/)
  await w.close()
})

test('what is appended by another spelling to a table that is replaced is left to the publication', async () => {
  const uri = `duckdb:${join(folder, 'spelled')}.duckdb`
  await query(uri, 'CREATE TABLE sales (gone DATE)')
  const w = new DuckDbWarehouse(uri, limits(folder))
  const append = loadOf({ id: '1', columns, files: [], rows: 0, table: 'SALES', mode: 'append' })
  const replace = loadOf({ id: '2', columns, files: [], rows: 0 })
  await w.check([replace, append])
  await assert.rejects(w.check([append]), /table SALES has other columns/)
  await w.close()
})
