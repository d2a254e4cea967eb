/** Equal inputs are computed once: how often a lambda is called, and that results are the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schema, t } from 'millrace'
import { runRows } from 'millrace/testing'

const Line = schema({
  country: t.utf8.nullable,
  at: t.timestamp,
  quantity: t.int32.nullable,
  rate: t.float64,
})
const DAY = 86_400_000
const lines = Array.from({ length: 3000 }, (_, i) => ({
  country: i % 7 === 0 ? null : `country ${i % 5}`,
  at: Math.floor(i / 10) * DAY,
  quantity: i % 20 < 10 ? null : 4,
  rate: i % 2 === 0 ? 0 : -0,
}))

/** Counts the calls of a lambda; its text must show what it reads. */
let calls = 0
const counted = <T>(value: T): T => {
  calls++
  return value
}

test('a lambda over a text column is called once for each of its values, and for each null', async () => {
  calls = 0
  const { rows } = await runRows(p => ({
    out: p.create(Line, lines).derive({
      short: [t.utf8.nullable, r => counted(r.country === 'country 3' ? null : (r.country ?? 'x'))],
      length: [t.int32, r => r.country?.length ?? -1],
    }),
  }))
  const nulls = lines.filter(l => l.country === null).length
  assert.equal(calls, 5 + nulls)
  assert.deepEqual(
    rows.out.map(r => [r.short, r.length]),
    lines.map(l => [
      l.country === 'country 3' ? null : (l.country ?? 'x'),
      l.country?.length ?? -1,
    ]),
  )
})

test('a lambda that calls something is called once for a run of equal rows', async () => {
  calls = 0
  const { rows } = await runRows(
    p => ({
      out: p.create(Line, lines).derive({
        month: [t.int32.nullable, r => counted(new Date(r.at).getUTCMonth() || null)],
        twice: [t.int32.nullable, r => counted(r.quantity === null ? null : r.quantity * 2)],
      }),
    }),
    { rowsPerBatch: 100_000 },
  )
  assert.equal(calls, 300 + 300)
  assert.deepEqual(
    rows.out.map(r => [r.month, r.twice]),
    lines.map(l => [
      new Date(l.at).getUTCMonth() || null,
      l.quantity === null ? null : l.quantity * 2,
    ]),
  )
})

test('filters keep what they said, by text and by rows', async () => {
  calls = 0
  const { rows, report } = await runRows(p => ({
    out: p
      .create(Line, lines)
      .filter(r => counted(r.country !== 'country 1'), { reason: 'one' })
      .filter(r => counted(new Date(r.at).getUTCDay() !== 0), { reason: 'sunday' }),
  }))
  const kept = lines.filter(l => l.country !== 'country 1' && new Date(l.at).getUTCDay() !== 0)
  assert.equal(rows.out.length, kept.length)
  assert.ok(calls < lines.length)
  const dropped = report.dropped.map(d => d.rows).reduce((a, b) => a + b)
  assert.equal(dropped, lines.length - kept.length)
})

test('-0 is told from 0', async () => {
  const { rows } = await runRows(p => ({
    out: p.create(Line, lines).derive({ sign: [t.float64, r => Math.sign(1 / r.rate)] }),
  }))
  assert.deepEqual(new Set(rows.out.map(r => r.sign)), new Set([1, -1]))
})

test('a row that throws is not taken for the one before', async () => {
  const { rows } = await runRows(p => ({
    out: p.create(Line, lines).derive(
      {
        day: [
          t.int32,
          r => {
            if (Math.floor(r.at / 86_400_000) % 3 === 0) throw new Error('third')
            return Math.floor(r.at / 86_400_000)
          },
        ],
      },
      { onError: 'deadLetter' },
    ),
  }))
  assert.deepEqual(
    rows.out.map(r => r.day),
    lines.map(l => l.at / DAY).filter(day => day % 3 !== 0),
  )
})
