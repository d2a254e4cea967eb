/** A table that stands with other columns is told of before anything is read; replaced, it may have any. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { t } from '../../../engine/data/schema.ts'
import {
  assertRefusedEarly,
  assertWritten,
  KEEPING,
  tryWrite,
} from '../../../test/other-columns.ts'
import { databaseOf } from '../../../test/postgres/database.ts'
import { loadOf } from '../../../test/postgres/loads.ts'
import { needs } from '../../../test/services/services.ts'
import { openWarehouse } from './warehouse.ts'

for (const options of KEEPING)
  test(`other columns are told before anything is read: ${options.mode}`, async c => {
    if (!needs(c, 'postgres')) return
    const { uri, run } = await databaseOf(c)
    await run('CREATE TABLE sales (sale_id text, shop text, day date, gone date)')
    assertRefusedEarly(await tryWrite(c, uri, options), [
      'sale_id: expected integer, the table has text',
      'paid: expected boolean, the table has no such column',
      'gone: in the table only',
    ])
    const staged = await run(
      "SELECT relname AS name FROM pg_class WHERE relnamespace = 'millrace_staging'::regnamespace AND relkind = 'r'",
    )
    assert.deepEqual(staged, [{ name: 'loads' }], 'nothing was staged')
    await run('ALTER TABLE sales ALTER sale_id TYPE integer USING 0')
    await run('ALTER TABLE sales DROP gone, ADD paid boolean')
    assertWritten(await tryWrite(c, uri, options))
    assert.deepEqual(await run('SELECT sale_id, shop, paid FROM sales'), [
      { sale_id: 1, shop: 'a', paid: true },
    ])
  })

test('a table that is replaced may have any columns; one that is not there is made', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run('CREATE TABLE sales (gone date)')
  assertWritten(await tryWrite(c, uri, { mode: 'replace' }))
  assert.deepEqual(await run('SELECT sale_id, shop, paid FROM sales'), [
    { sale_id: 1, shop: 'a', paid: true },
  ])
  assertWritten(await tryWrite(c, (await databaseOf(c)).uri, { mode: 'append' }))
})

test('what is appended by another spelling to a table that is replaced is left to the publication', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run('CREATE TABLE sales (gone date)')
  const w = openWarehouse(uri, { memoryBytes: 64e6, threads: 1, tempDirectory: '/nowhere' })
  c.after(() => w.close())
  const columns = [{ name: 'id', kind: t.int32 }]
  const of = (table: string, mode: 'append' | 'replace') =>
    loadOf('', { id: '1', table, columns, shards: [], mode })
  const append = await of('public.sales', 'append')
  await w.check([await of('sales', 'replace'), append])
  await assert.rejects(w.check([append]), /table public\.sales has other columns/)
})
