/** Increments of a collection: what changed since the mark. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import { mongo } from './index.ts'
import { readAll } from './testing/read-all.ts'
import { at, here, filled, numbers, upTo } from '../../../test/mongo/collections.ts'

const Change = schema({ n: t.int32, at: t.timestamp.nullable })
const minute = (n: number): Date => new Date(Date.UTC(2024, 0, 1) + n * 60_000)

test('increments: what changed since the mark, with an overlap; the mark moves to the newest', async context => {
  if (!here(context)) return
  const collection = await filled('changes', [
    ...upTo(100).map(n => ({ n, at: minute(n) })),
    { n: 100 },
    { n: 101, at: '2024-01-01' },
    { n: 102, at: null },
    { n: 103, at: [minute(1)] },
    { n: 104, at: new Date(Date.now() + 86_400_000) },
  ])
  const source = mongo(at('changes'), Change, { incremental: { by: 'at', overlap: '10min' } })
  assert.match(source.markName ?? '', /\/shop\/changes by at$/)
  const first = await readAll(source)
  assert.deepEqual(numbers(first.rows), upTo(100))
  assert.equal(first.plan.mark, minute(99).toISOString())
  assert.deepEqual(
    first.rejects.map(r => [r.column, r.reason.replace(/ \(_id.*/, '')]),
    [
      ['at', 'at: expected timestamp, got nothing (increments go by it, so it must be a date)'],
      ['at', 'at: expected timestamp, got string "2024-01-01"'],
      ['at', 'at: expected timestamp, got null (increments go by it, so it must be a date)'],
      ['at', 'at: expected timestamp, got array [{"$date":"2024-01-01T00:01:00.000Z"}]'],
    ],
  )
  const notes = first.plan.notes?.join(' ') ?? ''
  assert.match(notes, /at, which has no index.*createIndex/)
  assert.match(notes, /lies in the future/)

  await collection.createIndex({ at: 1 })
  await collection.insertMany([200, 201].map(n => ({ n, at: minute(n) })))
  await collection.updateOne({ n: 5 }, { $set: { at: minute(150) } })
  await collection.insertOne({ n: 300, at: minute(92) })
  const next = await readAll(source, { request: { since: first.plan.mark as string } })
  const late = upTo(100).filter(n => n >= 89)
  assert.deepEqual(
    numbers(next.rows).toSorted((a, b) => Number(a) - Number(b)),
    [5, ...late, 200, 201, 300],
  )
  assert.equal(next.plan.mark, minute(201).toISOString())
  assert.doesNotMatch(next.plan.notes?.join(' ') ?? '', /no index/)

  const still = await readAll(mongo(at('changes'), Change, { incremental: { by: 'at' } }), {
    request: { since: next.plan.mark as string },
  })
  assert.deepEqual([numbers(still.rows), still.plan.mark], [[201], next.plan.mark])

  const interval = { start: +minute(10), end: +minute(20) }
  const within = await readAll(source, {
    request: { since: minute(10).toISOString(), interval, splitBytes: 300 },
  })
  assert.ok(within.plan.splits.length > 1)
  assert.deepEqual(
    numbers(within.rows),
    upTo(20).filter(n => n !== 5),
  )
  assert.equal(within.plan.mark, minute(20).toISOString())
  assert.equal(within.plan.nothingNew, undefined)
  // The overlap alone has documents, which the run before has read.
  const quiet = await readAll(
    mongo(at('changes'), Change, { incremental: { by: 'at', overlap: '9d' } }),
    {
      request: {
        since: minute(5000).toISOString(),
        interval: { start: +minute(5000), end: +minute(5060) },
      },
    },
  )
  assert.deepEqual([quiet.plan.nothingNew, quiet.rows.length > 0], [true, true])
  const again = await readAll(source, { request: { since: minute(90).toISOString(), interval } })
  assert.deepEqual(numbers(again.rows), numbers(within.rows))
  assert.equal(again.plan.mark, minute(90).toISOString())
})
