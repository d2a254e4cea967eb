/** distinct before its exchange: fewer rows cross, and nothing else changes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schema, t } from 'millrace'
import { runRows } from '../../testing/index.ts'
import type { RunOptions } from './run.ts'

const Row = schema({ n: t.int32.nullable, x: t.float64, text: t.utf8.nullable })
type R = { n: number | null; x: number; text: string | null }

/** Rows by index, through distinct: what comes out, what crossed, and the step's account. */
async function distinct(count: number, row: (i: number) => R, o: Partial<RunOptions> = {}) {
  let crossed = 0
  const terms: Record<string, number> = {}
  const rows = Array.from({ length: count }, (_, i) => row(i))
  const { rows: got } = await runRows(
    p => ({ out: p.create(Row, rows).distinct().named('distinct') }),
    {
      partitions: 1,
      ...o,
      watch: {
        stageEnded: ({ results, stage }) => {
          for (const r of results) {
            for (const output of r?.outputs ?? []) crossed += output.rows.reduce((a, b) => a + b, 0)
            const [node] = [stage.head, ...stage.terminals.map(w => w.node)].filter(
              n => n.name === 'distinct',
            )
            for (const a of r?.account ?? [])
              if (a.node === node?.id) terms[a.term] = (terms[a.term] ?? 0) + a.rows
          }
        },
      },
    },
  )
  const key = (r: R) => JSON.stringify([r.n, Number.isNaN(r.x) ? 'NaN' : r.x + 0, r.text])
  const firsts = [...new Map(rows.toReversed().map(r => [key(r), r])).values()]
  const order = new Map(rows.toReversed().map((r, i) => [key(r), rows.length - 1 - i]))
  const expected = firsts.sort((a, b) => (order.get(key(a)) ?? 0) - (order.get(key(b)) ?? 0))
  assert.equal(got.out.length, expected.length)
  got.out.forEach((r, i) => {
    assert.equal(key(r as R), key(expected[i] as R), `row ${i}`)
  })
  const merged = count - expected.length
  const { in: taken = 0, out = 0, merged: gone = 0, ...others } = terms
  assert.deepEqual([taken, out, gone, others], [count, expected.length, merged, {}])
  return crossed
}

const few = (i: number): R => ({
  n: i % 7 === 0 ? null : i % 5,
  x: [0, -0, NaN, 1][i % 4] as number,
  text: i % 11 === 0 ? null : `t${i % 3}`,
})

test('of rows that repeat a task sends each once', async () => {
  for (const rowsPerBatch of [1, 7, 4096])
    assert.ok((await distinct(9000, few, { rowsPerBatch })) <= 200)
  assert.ok((await distinct(100_000, few)) <= 200)
})

test('rows that differ are sent as they come', async () => {
  const crossed = await distinct(100_000, i => ({ n: i, x: 1, text: 'same' }))
  assert.equal(crossed, 100_000)
})

test('it is given up for the task alone, once enough rows were new', async () => {
  // The first 40,000 differ, then all repeat: by then the table is gone.
  const crossed = await distinct(90_000, i => ({ n: i < 40_000 ? i : i % 10, x: 0, text: null }))
  assert.ok(crossed > 80_000, String(crossed))
})

test('a table that is full starts anew', async () => {
  // Each value comes three times in a row: a third is new, however many there are.
  const crossed = await distinct(300_000, i => ({ n: Math.floor(i / 3), x: 2, text: 'x' }))
  assert.ok(crossed < 100_100, String(crossed))
})

test('no rows, and rows that a filter left few of', async () => {
  assert.equal(await distinct(0, few), 0)
  const { rows } = await runRows(p => ({
    out: p
      .create(
        Row,
        Array.from({ length: 3000 }, (_, i) => few(i)),
      )
      .filter(r => r.n === 3)
      .select('n')
      .distinct(),
  }))
  assert.deepEqual(rows.out, [{ n: 3 }])
})
