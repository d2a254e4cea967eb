/** What a partial aggregation hands on, and when, is decided by its rows: not by how they came. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { layoutOf } from '../../compile/aggregate/layout.ts'
import { eachRow, RowBuilder, rowReader } from '../../compile/rows.ts'
import type { Kind } from '../../data/kind.ts'
import { schema, t } from '../../data/schema.ts'
import type { Aggregate, AggregateName } from '../../plan/aggregate.ts'
import type { Row } from '../../plan/node.ts'
import { Ledger } from '../account.ts'
import { TaskSpill } from '../exchange/spill.ts'
import { newTask, nodeOf, randomOf } from '../heads/run-head.ts'
import type { Emit } from '../operator.ts'
import { PartialAggregate } from './partial.ts'

const Line = schema({ key: t.int32, amount: t.float64, text: t.utf8 })

const aggregate = (name: AggregateName, column: string, kind: Kind): Aggregate => ({
  name,
  kind,
  column,
  by: null,
  where: [],
  combine: null,
})
const node = nodeOf(
  'aggregate',
  {
    keys: ['key'],
    aggregates: [
      { name: 'total', aggregate: aggregate('sum', 'amount', t.float64) },
      { name: 'greatest', aggregate: aggregate('max', 'text', t.utf8) },
      { name: 'texts', aggregate: aggregate('countDistinct', 'text', t.int64) },
    ],
  },
  {
    inputs: [{ schema: Line, rows: [] }],
    schema: schema({ key: t.int32, total: t.float64, greatest: t.utf8, texts: t.int64 }),
  },
)

/** The streams that leave, as hashes, and how many rows they have; two tasks one after the other. */
async function handedOn(rows: readonly Row[], rowsPerBatch: number) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-partial-'))
  const task = newTask(new TaskSpill(folder), new Ledger())
  const layout = layoutOf(node, Line)
  const streams = [layout.partials, ...layout.pairs].map(s => ({
    read: rowReader(s),
    hash: createHash('sha256'),
    rows: 0,
  }))
  const emits = streams.map(
    (stream): Emit =>
      batch => {
        const row = stream.read(batch)
        eachRow(batch, i => stream.hash.update(JSON.stringify(row(i))))
        stream.rows += batch.selected
      },
  )
  const partial = new PartialAggregate(node, Line, layout, emits, {
    task,
    sidesOf: () => undefined,
  })
  const builder = new RowBuilder(Line, rowsPerBatch)
  for (let run = 0; run < 2; run++) {
    for (const row of rows) {
      if (builder.full) await partial.push(builder.take())
      builder.append(row)
    }
    await partial.push(builder.take())
    await partial.finish()
  }
  rmSync(folder, { recursive: true, force: true })
  return streams.map(s => ({ rows: s.rows / 2, hash: s.hash.digest('hex') }))
}

test('many groups are handed on at the same rows, whatever the batches', async () => {
  const r = randomOf(3)
  const rows = Array.from({ length: 200_000 }, () => {
    const key = r(90_000)
    return { key, amount: r(1 << 30) / 7, text: `t${key % 1000}` }
  })
  const keys = new Set(rows.map(row => row.key)).size
  const [one, ...others] = await Promise.all(
    [16_384, 1000, 65_536, 7777].map(n => handedOn(rows, n)),
  )
  // Some groups went twice: the tables were handed on before the end.
  assert.ok((one?.[0]?.rows as number) > keys)
  for (const other of others) assert.deepEqual(other, one)
})

test('long texts are handed on before they pile up, at the same rows', async () => {
  const rows = Array.from({ length: 70_000 }, (_, i) => ({
    key: i % 3,
    amount: i / 3,
    text: `${String(i).padStart(6, '0')}${'x'.repeat(300)}`,
  }))
  const [one, ...others] = await Promise.all([16_384, 999].map(n => handedOn(rows, n)))
  assert.equal(one?.[0]?.rows, 9)
  assert.equal(one?.[1]?.rows, 70_000)
  for (const other of others) assert.deepEqual(other, one)
})
