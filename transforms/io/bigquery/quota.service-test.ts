/** The day's limit of modifications: counted in a run's report, warned of, and refused before anything is read. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { pipeline, schema, t } from 'millrace'
import { table } from 'millrace/io'
import { renderSummary } from '../../../cli/summary.ts'
import { runPipeline } from '../../../engine/run/run.ts'
import { bigqueryFor, stagedObjects } from '../../../test/bigquery.ts'
import { dataset, loadOf, PLACE, put } from './testing/sample.ts'
import { datasetOf } from './uri.ts'

const Row = schema({ id: t.int32 })
const columns = [{ name: 'id', kind: t.int32 }]
type Mode = 'replace' | 'append'

const writing = (
  uri: string,
  tables: readonly string[],
  mode: Mode = 'append',
  staging = PLACE.staging,
) =>
  pipeline({
    name: 'load',
    build(p) {
      const rows = p.create(Row, [{ id: 1 }, { id: 2 }])
      for (const name of tables) rows.write(table(uri, name, { mode, staging }))
    },
  })

/** A data set some of whose tables have taken so many loads today, before a server that keeps the limit. */
async function busy(context: TestContext, tables: Readonly<Record<string, number>>) {
  const modified: Record<string, number> = {}
  if (!(await bigqueryFor(context, { modified }))) return null
  const made = await dataset()
  const { dataset: name } = datasetOf(made.uri)
  for (const [of, n] of Object.entries(tables)) modified[`${name}.${of}`] = n
  return made
}

test('a run tells its load jobs and what it took of the day', async context => {
  const made = await busy(context, { other: 1300 })
  if (!made) return
  const { uri } = made
  const first = await runPipeline({ pipeline: writing(uri, ['sales']) })
  assert.equal(first.status, 'done', JSON.stringify(first.error))
  const second = await runPipeline({ pipeline: writing(uri, ['sales'], 'replace') })
  const [output] = second.outputs
  assert.equal(output?.loadJobs?.length, 1)
  const [job] = output?.loadJobs ?? []
  assert.match(job?.id ?? '', /^millrace_\w+_load_0$/)
  assert.deepEqual([job?.uris, job?.bytes], [1, output?.bytes])
  const [usage] = output?.usage ?? []
  assert.deepEqual([usage?.what, usage?.used, usage?.of], ['modifications today', 2, 1500])
  assert.match(
    renderSummary(second),
    /\n {2}sales +1 load job of 1 URI +modifications today 2 of 1,500\n/,
  )
  assert.deepEqual(second.notes, [])
})

test('from 80 % on a run warns, over several pages of jobs', async context => {
  const made = await busy(context, { sales: 1199, other: 3000 })
  if (!made) return
  const warned: string[] = []
  const watch = { warned: (text: string) => void warned.push(text) }
  const report = await runPipeline({ pipeline: writing(made.uri, ['sales']), watch })
  assert.equal(report.status, 'done', JSON.stringify(report.error))
  assert.equal(report.outputs[0]?.usage?.[0]?.used, 1200)
  assert.deepEqual(report.notes, warned)
  assert.match(
    warned.join('\n'),
    /^warning: table sales: modifications today 1,200 of 1,500: load less often.*$/,
  )
})

test('where the day has no room for a load, nothing is read or loaded', async context => {
  const made = await busy(context, { sales: 1500 })
  if (!made) return
  const report = await runPipeline({ pipeline: writing(made.uri, ['sales']) })
  const { kind, message, detail, hint, at } = report.error ?? {}
  assert.equal(kind, 'resource')
  assert.equal(message, 'table sales takes no more loads today: its limit is reached')
  assert.match(detail?.[0] ?? '', /^got {3}1,500 of 1,500 modifications since \d{4}-.*T0[78]:00Z/)
  assert.match(hint ?? '', /^run again after \d{4}-.*T0[78]:00Z; load less often/)
  assert.match(at ?? '', /\.write$/)
  assert.equal(report.stages.length, 0)
  assert.deepEqual(await stagedObjects(), [])
})

test('the last load of the day is made; the one after it is refused before the audits', async context => {
  const made = await busy(context, { sales: 1499 })
  if (!made) return
  const w = made.open()
  await put(w, await loadOf(columns, [[[1]]], { id: 'last' }))
  const more = await loadOf(columns, [[[2]]], { id: 'more', audit: ['SELECT 1'] })
  // Not checked before, as where another process took the last one meanwhile.
  await assert.rejects(put(w, more), /sales takes no more loads today/)
  const [row] = await w.query('SELECT id FROM sales')
  assert.equal(Number(row?.['id']), 1)
  await w.abandon([more])
  await w.close()
})

test('tables that are published together are not limited', async context => {
  const made = await busy(context, { a: 1600 })
  if (!made) return
  const pipelined = writing(made.uri, ['a', 'b'])
  const report = await runPipeline({ pipeline: pipelined })
  assert.equal(report.status, 'done', JSON.stringify(report.error))
  assert.deepEqual(
    report.outputs.map(o => o.usage?.map(u => u.used)),
    [[1600], [0]],
  )
})

test('a staging bucket that is not there is told before anything is read', async context => {
  const made = await busy(context, {})
  if (!made) return
  const elsewhere = writing(made.uri, ['sales'], 'append', 'gs://not-there/x')
  const report = await runPipeline({ pipeline: elsewhere })
  assert.equal(report.error?.message, 'gs://not-there/x cannot be written: there is no such bucket')
  assert.equal(report.stages.length, 0)
})
