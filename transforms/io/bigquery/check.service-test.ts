/** What a check tries, tells and leaves behind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bigqueryFor } from '../../../test/bigquery.ts'
import { checkBigQuery } from './check.ts'
import { dataset, loadOf, PLACE, put } from './testing/sample.ts'
import { t } from '../../../engine/data/schema.ts'
import { openApi } from './api.ts'
import { datasetOf } from './uri.ts'

test('all that a run needs is there; loads and copies of today are counted', async context => {
  if (!(await bigqueryFor(context))) return
  process.env['MILLRACE_STAGING'] = PLACE.staging
  const { uri, open } = await dataset('us-central1')
  const w = open()
  await w.check()
  await put(w, await loadOf([{ name: 'id', kind: t.int32 }], [[[1]]], { id: '1' }))
  const report = await checkBigQuery(uri)
  assert.deepEqual(report.missing, [])
  assert.ok(report.passed.includes('create and drop tables'), report.passed.join('\n'))
  assert.ok(report.passed.includes('write to the staging place'))
  const counted = report.passed.find(line => line.startsWith('modifications today'))
  assert.match(counted ?? '', /of 1,500 a table: .*sales 1/)
  const toldOf = async (table: string) => (await checkBigQuery(`${uri}.${table}`)).passed
  assert.ok((await toldOf('sales')).includes('table sales: 1 columns, 1 rows'))
  assert.ok((await toldOf('sale')).includes('table sale: not there yet, an output makes it'))
  const [elsewhere] = (await checkBigQuery((await dataset('EU')).uri)).missing
  assert.equal(elsewhere?.answered, 'gs://staging lies in US-CENTRAL1, the data set in EU')
  const { tables = [] } = await (await openApi('test')).ask<{ tables?: { id: string }[] }>({
    path: `/datasets/${datasetOf(uri).dataset}/tables`,
  })
  assert.deepEqual(tables.map(table => table.id.replace(/.*\./, '')).sort(), [
    'millrace_loads',
    'sales',
  ])
})

test('what is missing is told with what the service answered and what to do', async context => {
  if (!(await bigqueryFor(context))) return
  process.env['MILLRACE_STAGING'] = 'gs://not-there/x'
  const { missing } = await checkBigQuery('bigquery://test.nowhere')
  const [first, second] = missing
  assert.equal(first?.what, 'see the data set')
  assert.match(first?.answered ?? '', /data set test\.nowhere is not there/)
  assert.match(first?.hint ?? '', /bq mk/)
  assert.equal(second?.what, 'write to the staging place')
  assert.match(second?.hint ?? '', /check the name of the bucket/)
  delete process.env['MILLRACE_STAGING']
  const [place] = (await checkBigQuery('bigquery://test.nowhere')).missing
  assert.equal(place?.what, 'a staging place')
  await assert.rejects(checkBigQuery('bigquery://'), /names no data set/)
})
