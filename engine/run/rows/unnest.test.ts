/** unnest over batches of its own: long lists are cut, and dictionaries of parts do not grow without end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RowBuilder } from '../../compile/rows.ts'
import { partColumn } from '../../data/part-column.ts'
import { elementOf } from '../../data/nested.ts'
import { schema, t } from '../../data/schema.ts'
import { viewOf } from '../../data/nested.ts'
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
