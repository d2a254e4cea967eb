/** What a killed run leaves is what the next one finds: rows in one order, tables that go. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { t } from '../../../engine/data/schema.ts'
import { bigqueryFor } from '../../../test/bigquery.ts'
import { openApi } from './api.ts'
import { textName } from './json-columns.ts'
import { stagingName } from './names.ts'
import { previewOrder } from './preview.ts'
import { dataset, loadOf } from './testing/sample.ts'
import { datasetOf } from './uri.ts'

const columns = [
  { name: 'id', kind: t.int32 },
  { name: 'note', kind: t.json.nullable },
]

test('rows of a table that is read back have one order', async () => {
  const load = (mode: 'merge' | 'append') => loadOf(columns, [[]], { id: mode, mode, key: ['id'] })
  assert.equal(previewOrder(await load('merge')), ' ORDER BY `id`')
  const none = { ...(await load('append')), columns: columns.slice(1) }
  assert.equal(previewOrder(await load('append')), ' ORDER BY `id`')
  assert.equal(previewOrder(none), '')
})

test('a table of texts that a killed run has left goes when its load is published', async context => {
  if (!(await bigqueryFor(context))) return
  const { uri, open } = await dataset()
  const load = await loadOf(columns, [[[1, '{"a":1}']]], { id: 'texts' })
  const first = open()
  await first.stage(load)
  await first.close()
  const api = await openApi('test')
  const path = `/datasets/${datasetOf(uri).dataset}/tables`
  const reference = { projectId: 'test', datasetId: datasetOf(uri).dataset }
  const json = {
    tableReference: { ...reference, tableId: textName(load) },
    schema: { fields: [{ name: 'id', type: 'INTEGER' }] },
  }
  await api.ask({ method: 'POST', path, json })
  const w = open()
  await w.stage(load)
  await w.publish([load])
  for (const table of [textName(load), stagingName(load)])
    assert.equal(await api.find({ path: `${path}/${table}` }), null, table)
  assert.equal((await w.query('SELECT id FROM sales')).length, 1)
  await w.close()
})
