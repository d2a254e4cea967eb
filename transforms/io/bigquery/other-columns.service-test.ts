/** A table that cannot take what is written is told of before anything is read; replaced, it may have any columns. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Field, t } from '../../../engine/data/schema.ts'
import { bigqueryFor, stagedObjects } from '../../../test/bigquery.ts'
import {
  assertRefusedEarly,
  assertWritten,
  KEEPING,
  tryWrite,
} from '../../../test/other-columns.ts'
import { openApi } from './api.ts'
import { dataset, loadOf, PLACE, put } from './testing/sample.ts'
import { datasetOf } from './uri.ts'

const { staging } = PLACE
const fit: Field[] = [
  { name: 'sale_id', kind: t.int32 },
  { name: 'shop', kind: t.utf8 },
  { name: 'day', kind: t.date },
  { name: 'paid', kind: t.bool },
]
const other: Field[] = [
  { name: 'sale_id', kind: t.utf8.nullable },
  { name: 'shop', kind: t.utf8.nullable },
  { name: 'day', kind: t.date.nullable },
  { name: 'gone', kind: t.date.nullable },
]

/** A data set with one table, which is empty. */
async function withTable(columns: readonly Field[], name = 'sales') {
  const made = await dataset()
  const w = made.open()
  await put(w, await loadOf(columns, [[]], { id: 'made', table: name }))
  return { ...made, w }
}

async function tablesOf(uri: string): Promise<string[]> {
  const path = `/datasets/${datasetOf(uri).dataset}/tables`
  type Tables = { tables?: { tableReference: { tableId: string } }[] }
  const { tables = [] } = await (await openApi('test')).ask<Tables>({ path })
  return tables.map(table => table.tableReference.tableId).sort()
}

for (const options of KEEPING)
  test(`other columns are told before anything is read: ${options.mode}`, async c => {
    if (!(await bigqueryFor(c))) return
    const { uri, w } = await withTable(other)
    await w.close()
    assertRefusedEarly(await tryWrite(c, uri, { ...options, staging }), [
      'sale_id: expected INT64, the table has STRING',
      'paid: expected BOOL, the table has no such column',
      'gone: in the table only',
    ])
    assert.deepEqual(await tablesOf(uri), ['millrace_loads', 'sales'], 'nothing was staged')
    assert.deepEqual(await stagedObjects(), [])
    const good = await withTable(fit)
    await good.w.close()
    assertWritten(await tryWrite(c, good.uri, { ...options, staging }))
  })

test('a table that is replaced may have any columns; one that is not there is made', async c => {
  if (!(await bigqueryFor(c))) return
  const { w } = await withTable(other)
  // As far as the check: unlike the service, the emulator copies over no table of another schema.
  await w.check([await loadOf(fit, [], { id: '1' })])
  await w.close()
  assertWritten(await tryWrite(c, (await dataset()).uri, { mode: 'append', staging }))
})

test('what no job or transaction can do to a table is told by the check, too', async c => {
  if (!(await bigqueryFor(c))) return
  const { w } = await withTable(other)
  const replace = await loadOf(fit, [], { id: '1' })
  const monthly = { partition: { by: 'day', unit: 'month' } as const }
  const laid = { ...replace, options: { ...replace.options, ...monthly } }
  await assert.rejects(w.check([laid]), /table sales is partitioned in another way/)
  const beside = { ...(await loadOf(fit, [], { id: '2', table: 'beside' })), together: 0 }
  await w.check([replace, beside])
  await assert.rejects(
    w.check([{ ...replace, together: 0 }, beside]),
    /table sales cannot take other columns together with others/,
  )
  await assert.rejects(
    w.check([replace, { ...replace, table: 'Sales' }]),
    /tables sales and Sales are published together/,
  )
  await w.close()
})
