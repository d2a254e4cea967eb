/** Incremental reading: from the mark less the overlap to the interval's end, or to the last there is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
import { databaseOf, readTable } from '../../../test/postgres/database.ts'
import { needs } from '../../../test/services/services.ts'

const S = schema({ id: t.int32, at: t.timestamp.nullable })
const minute = (n: number): number => Date.UTC(2024, 0, 1, 0, n)

test('a mark moves to the last time there is, or to the end of the interval', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run(
    "CREATE TABLE e AS SELECT i AS id, timestamptz '2024-01-01Z' + i * interval '1 min' + interval '1 us' AS at FROM generate_series(0, 99) i",
  )
  await run("INSERT INTO e VALUES (100, NULL), (101, 'infinity')")
  const read = async (
    request: { since?: string; interval?: { start: number; end: number } },
    overlap = '0ms',
  ) => {
    const { rows, plan, rejects } = await readTable(uri, 'e', S, {
      incremental: { by: 'at' as never, overlap },
      request,
    })
    assert.deepEqual(
      rejects.map(r => r.reason),
      ['expected timestamp, got infinity'],
    )
    const ids = rows.map(r => r['id'] as number)
    return { count: ids.length, first: Math.min(...ids), last: Math.max(...ids), mark: plan.mark }
  }
  const all = await read({})
  assert.deepEqual(all, { count: 101, first: 0, last: 100, mark: '2024-01-01T01:39:00.000001Z' })
  const since = all.mark as string
  assert.deepEqual(await read({ since }), { count: 1, first: 99, last: 99, mark: since })
  await run(
    "INSERT INTO e VALUES (200, '2024-01-01 01:35:00.000001Z'), (201, '2024-01-01 02:00:00Z')",
  )
  assert.equal((await read({ since })).count, 2)
  assert.deepEqual(await read({ since }, '4min'), {
    count: 7,
    first: 95,
    last: 201,
    mark: '2024-01-01T02:00:00.000000Z',
  })
  const interval = { start: minute(10), end: minute(20) }
  assert.deepEqual(await read({ since: '2024-01-01T00:10:00.000000Z', interval }), {
    count: 10,
    first: 10,
    last: 19,
    mark: '2024-01-01T00:20:00.000000Z',
  })
  const news = async (end: number) => {
    const o = { incremental: { by: 'at' as never, overlap: '5min' } }
    const request = { since: '2024-01-01T01:45:00.000000Z', interval: { start: minute(105), end } }
    const { plan, rows } = await readTable(uri, 'e', S, { ...o, request })
    return [plan.nothingNew === true, rows.length]
  }
  await run("INSERT INTO e VALUES (300, '2024-01-01 01:41:00Z')")
  assert.deepEqual(await news(minute(120)), [true, 1], 'only what the overlap has')
  assert.deepEqual(await news(minute(121)), [false, 2])
  await assert.rejects(
    read({ since: "x' OR true" }),
    (f: Fault) => f.kind === 'data' && /is no time/.test(f.message),
  )
  await run('TRUNCATE e')
  const { plan } = await readTable(uri, 'e', S, {
    incremental: { by: 'at' as never },
    request: { since },
  })
  assert.equal(plan.mark, since)
})
