/** What the service and the network may do to a load: the same tables at the end, nothing left over. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { faultProxy } from '../../../test/services/fault-proxy/proxy.ts'
import { type Field, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { openApi } from './api.ts'
import { dataset, loadOf, put } from './testing/sample.ts'
import { bigqueryFor, stagedObjects } from '../../../test/bigquery.ts'
import { datasetOf } from './uri.ts'
import type { BigQueryWarehouse } from './warehouse.ts'

const columns: Field[] = [
  { name: 'id', kind: t.int32 },
  { name: 'v', kind: t.utf8 },
  { name: 'seen', kind: t.date },
]
const day = (n: number): number => n * 86_400_000
const merge = { mode: 'merge', key: ['id'], latest: 'seen' } as const

/** Loads whose tables tell whether any was done twice, in part, or not at all. */
const loads = async () => [
  await loadOf(columns, [[[1, 'a', day(1)]], [[2, 'b', day(1)]]], { id: 'r', table: 'one' }),
  await loadOf(columns, [[[3, 'c', day(1)]]], { id: 'a', table: 'one', mode: 'append' }),
  await loadOf(
    columns,
    [
      [
        [1, 'd', day(2)],
        [4, 'e', day(2)],
      ],
    ],
    { id: 'm', table: 'one', ...merge },
  ),
  await loadOf(columns, [[[5, 'f', day(3)]]], { id: 'b', table: 'two', mode: 'append' }),
]
const tables = async (w: BigQueryWarehouse) => {
  const of = async (table: string) =>
    (await w.query(`SELECT id, v FROM ${table} ORDER BY id, v`)).map(r => `${r['id']}${r['v']}`)
  return [await of('one'), await of('two')].map(r => r.join(' ')).join('|')
}
const RIGHT = '1d 2b 3c 4e|5f'

async function nothingLeft(w: BigQueryWarehouse): Promise<void> {
  assert.deepEqual(await stagedObjects(), [])
  const { tables = [] } = await (await openApi('test')).ask<{ tables?: { id: string }[] }>({
    path: `/datasets/${datasetOf(w.uri).dataset}/tables`,
  })
  const left = tables.filter(table => table.id.includes('millrace_staging'))
  assert.deepEqual(left, [])
}

const SEEDS = Number(process.env['MILLRACE_SEEDS'] ?? 3)

for (let seed = 1; seed <= SEEDS; seed++)
  test(`jobs are refused, lost, delayed and fail (seed ${seed}): each load is done once`, async context => {
    const proxy = await bigqueryFor(context, { seed, rate: 0.15, pendingPolls: 1, runningPolls: 1 })
    if (!proxy) return
    const w = (await dataset()).open()
    await w.check()
    for (const load of await loads()) await put(w, load)
    for (const load of (await loads()).slice(1)) await put(w, load)
    assert.equal(await tables(w), RIGHT)
    await nothingLeft(w)
    await w.close()
  })

test('a quota that is reached ends the load with what to do', async context => {
  const proxy = await bigqueryFor(context, { seed: 1, rate: 1, kinds: ['failed-quota'] })
  if (!proxy) return
  const w = (await dataset()).open()
  const [load] = await loads()
  await assert.rejects(put(w, load as NonNullable<typeof load>), error => {
    assert.ok(error instanceof Fault)
    assert.equal(error.kind, 'resource')
    assert.match(
      error.render(),
      /Quota exceeded[\s\S]*quotaExceeded[\s\S]*job {3}millrace_\w+[\s\S]*a quota is used up/,
    )
    return true
  })
  await w.close()
})

for (let seed = 1; seed <= SEEDS; seed++)
  test(`connections break and answers are lost (seed ${seed}): each load is done once`, async context => {
    const proxy = await bigqueryFor(context)
    if (!proxy) return
    await faulty(context, proxy, seed)
    const w = (await dataset()).open()
    await w.check()
    for (const load of await loads()) await put(w, load)
    assert.equal(await tables(w), RIGHT)
    await nothingLeft(w)
    await w.close()
  })

async function faulty(
  context: TestContext,
  proxy: Parameters<typeof faultProxy>[0],
  seed: number,
): Promise<void> {
  const faults = await faultProxy(proxy, { seed, rate: 0.1 })
  context.after(() => faults.stop())
  Object.assign(process.env, faults.env)
}

test('a load is taken up where a run before it was killed', async context => {
  const proxy = await bigqueryFor(context)
  if (!proxy) return
  const data = await dataset()
  const [replace, append] = await loads()
  if (!replace || !append) return assert.fail()
  const before = data.open()
  await put(before, replace)
  // Ended once all was staged: the next one finds the rows there and sends nothing.
  await before.stage(append)
  await before.close()
  const sent = proxy.jobs.length
  const after = data.open()
  await after.stage(append)
  const loaded = proxy.jobs.slice(sent).filter(job => /_load_/.test(job.reference.jobId))
  assert.deepEqual(loaded, [])
  assert.deepEqual(
    (await after.publish([append])).map(r => r.adopted),
    [false],
  )
  assert.equal((await after.query('SELECT id FROM one')).length, 3)
  assert.deepEqual(await stagedObjects(), [])
})
