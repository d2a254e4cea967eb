/** Two processes that publish at once, and processes that died between two steps: each load is done once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bigqueryFor } from '../../../test/bigquery.ts'
import { type Field, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import * as ledger from './ledger.ts'
import { deletedName } from './names.ts'
import { openSession } from './session.ts'
import { dataset, loadOf, put } from './testing/sample.ts'
import type { BigQueryWarehouse } from './warehouse.ts'

const columns: Field[] = [
  { name: 'id', kind: t.int32 },
  { name: 'seen', kind: t.date },
  { name: 'gone', kind: t.bool },
]
const day = (n: number): number => n * 86_400_000
const merge = { mode: 'merge', key: ['id'], latest: 'seen', deleted: 'gone' } as const
const ids = async (w: BigQueryWarehouse, table = 'sales') =>
  (await w.query(`SELECT id FROM ${table} ORDER BY id`)).map(r => r['id']).join(' ')

test('an append by copy that another process has begun is taken over: one job, once', async context => {
  const proxy = await bigqueryFor(context, { pendingPolls: 2, runningPolls: 2 })
  if (!proxy) return
  const { uri, open } = await dataset()
  const w = open()
  await put(w, await loadOf(columns, [[[1, day(1), false]]], { id: 'r' }))
  const load = await loadOf(columns, [[[2, day(1), false]]], { id: 'a', mode: 'append' })
  const session = await openSession(uri, null)
  // Another process, which has written its row and is about to ask for its job.
  const other = await ledger.begin(session, load, 'f'.repeat(32))
  const second = open()
  await put(second, load)
  assert.equal((await ledger.begin(session, load, 'e'.repeat(32))).published, true)
  const copies = proxy.jobs.filter(job => job.reference.jobId.includes(`_${other.job}_publish`))
  assert.equal(copies.length, 1)
  assert.equal(await ids(w), '1 2')
  await w.close()
  await second.close()
})

test('two processes publish the same append at once', async context => {
  const proxy = await bigqueryFor(context, { pendingPolls: 1, runningPolls: 1 })
  if (!proxy) return
  const { open } = await dataset()
  const [one, two] = [open(), open()]
  await put(one, await loadOf(columns, [[[1, day(1), false]]], { id: 'r' }))
  const load = await loadOf(columns, [[[2, day(1), false]]], { id: 'a', mode: 'append' })
  await one.stage(load)
  await two.stage(load)
  const ended = await Promise.allSettled([one.publish([load]), two.publish([load])])
  for (const end of ended)
    if (end.status === 'rejected')
      assert.match(String(end.reason), /staged for it is gone|not found/i)
  assert.ok(ended.some(end => end.status === 'fulfilled'))
  assert.equal(await ids(one), '1 2')
  await Promise.all([one.close(), two.close()])
})

test('deleted keys that a process left as it replaced the table keep no row away', async context => {
  if (!(await bigqueryFor(context))) return
  const { uri, open } = await dataset()
  const w = open()
  const first = await loadOf(columns, [[[1, day(1), false]]], { id: 'm1', ...merge })
  await put(w, first)
  await put(w, await loadOf(columns, [[[1, day(9), true]]], { id: 'm2', ...merge }))
  assert.equal(await ids(w), '')
  // Killed after the transaction that replaced the table, before the table of deleted keys was dropped.
  const session = await openSession(uri, null)
  await ledger.transact(session, { statements: [ledger.forget(session, 'sales')], subject: 'test' })
  const [kept] = await w.query(`SELECT COUNT(*) AS n FROM ${deletedName(first)}`)
  assert.equal(Number(kept?.['n']), 1)
  await put(w, await loadOf(columns, [[[1, day(2), false]]], { id: 'm3', ...merge }))
  assert.equal(await ids(w), '1')
  await w.close()
})

test('what is to appear together and cannot is refused, and a failure after the first change says so', async context => {
  if (!(await bigqueryFor(context))) return
  const w = (await dataset()).open()
  const less = columns.slice(0, 2)
  await put(w, await loadOf(less, [[[1, day(1)]]], { id: 'r1' }))
  const wider = await loadOf(columns, [[[2, day(1), false]]], { id: 'r2' })
  const beside = await loadOf(columns, [[[3, day(1), false]]], { id: 'o', table: 'other' })
  let begun = 0
  const told = () => void begun++
  await w.stage(wider)
  await w.stage(beside)
  const group = [wider, beside].map(load => ({ ...load, together: 0 }))
  await assert.rejects(w.publish(group, told), (error: unknown) => {
    assert.ok(error instanceof Fault)
    assert.match(error.render(), /other columns together[\s\S]*together {2}other[\s\S]*p\.publish/)
    return true
  })
  assert.equal(begun, 0)
  assert.equal(await ids(w), '1')
  const same = await loadOf(less, [[[2, day(1)]]], { id: 'r3' })
  await w.stage(same)
  await w.publish(
    [
      { ...same, together: 0 },
      { ...beside, together: 0 },
    ],
    told,
  )
  assert.equal(begun, 1)
  assert.equal(`${await ids(w)}|${await ids(w, 'other')}`, '2|3')
  await w.close()
})
