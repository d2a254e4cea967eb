/** unnest over batches of its own: long lists are cut, and dictionaries of parts do not grow without end. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pipeline } from 'millrace'
import { ndjson } from 'millrace/io'
import { runPipeline } from '../run.ts'
import { RowBuilder } from '../../compile/rows.ts'
import { partColumn } from '../../data/part-column.ts'
import { elementOf } from '../../data/nested.ts'
import { schema, t } from '../../data/schema.ts'
import { viewOf } from '../../data/byte-sink.ts'
import type { Pool, Utf8Buffer } from '../../data/pool.ts'

const sourceOf = (pool: Pool) => ({
  bytes: pool.bytes as Utf8Buffer,
  view: viewOf(pool.bytes),
  at: 4,
})

test('parts that have parts are kept in plain pools, one a batch; texts in a dictionary', () => {
  const List = schema({ v: t.list(t.struct(schema({ a: t.list(t.int32), b: t.utf8, c: t.json }))) })
  const builder = new RowBuilder(List, 1)
  builder.append({ v: [{ a: [1], b: 'x', c: { d: 1 } }] })
  const column = builder.take().columns[0]
  assert.ok(column?.pool)
  const fields = elementOf(column.kind).inner as { list: readonly { kind: typeof t.utf8 }[] }
  const parts = fields.list.map(f => partColumn(f.kind, f.kind, 1))
  const from = sourceOf(column.pool)
  assert.equal(from.bytes[from.at++], 1)
  for (const part of parts) {
    assert.equal(from.bytes[from.at++], 1)
    part.read(from, 0)
  }
  assert.deepEqual(
    parts.map(p => p.column.pool?.unique),
    [false, true, false],
  )
  const before = parts.map(p => p.column.pool)
  for (const part of parts) part.renew()
  assert.deepEqual(
    parts.map((p, i) => p.column.pool === before[i]),
    [false, true, false],
  )
})

test('a builder of long values starts anew before its dictionary takes gigabytes', () => {
  const Rows = schema({ v: t.list(t.utf8) })
  const builder = new RowBuilder(Rows, 4)
  const pools = new Set<unknown>()
  for (let i = 0; i < 6; i++) {
    builder.append({ v: [String(i), 'x'.repeat(9 << 20)] })
    const { columns } = builder.take()
    pools.add(columns[0]?.pool)
    assert.ok((columns[0]?.pool?.size ?? 0) < 30 << 20)
    builder.trim()
  }
  assert.equal(pools.size, 3)
})

test('a list of many times the rows of a batch is cut into batches, after a filter too', async () => {
  const Row = schema({ id: t.int32, v: t.list(t.struct(schema({ n: t.int32 }))) })
  const folder = mkdtempSync(join(tmpdir(), 'millrace-unnest-'))
  const list = (length: number) => Array.from({ length }, (_, n) => ({ n }))
  const definition = pipeline({
    name: 'long',
    params: {},
    build(p) {
      const rows = p.create(Row, [
        { id: 1, v: list(50_000) },
        { id: 2, v: list(10) },
        { id: 3, v: [] },
      ])
      rows
        .filter(row => row.id !== 2)
        .unnest('v', { keepEmpty: true })
        .aggregate(g => ({ rows: g.count(), sum: g.sum('n'), ids: g.sum('id') }))
        .write(ndjson(join(folder, 'out')))
    },
  })
  try {
    const { error } = await runPipeline({ pipeline: definition, scratch: folder, rowsPerBatch: 64 })
    assert.equal(error, undefined)
    const text = readFileSync(join(folder, 'out', 'part-00000.ndjson'), 'utf8')
    assert.deepEqual(JSON.parse(text), { rows: 50_001, sum: 1_249_975_000, ids: 50_003 })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
