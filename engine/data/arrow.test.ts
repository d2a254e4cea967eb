import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as arrow from 'apache-arrow'
import fc from 'fast-check'
import { fromArrow, toArrow } from './arrow.ts'
import { type Batch, dense } from './batch.ts'
import { type Column, newColumn } from './column.ts'
import type { Kind } from './kind.ts'
import { schema, schemaOf, t } from './schema.ts'
import { readUnits, readValue, writeUnits, writeValue } from './value.ts'

const wide = t.decimal(38, 4)
const CASES: [Kind, fc.Arbitrary<unknown>][] = [
  [t.bool, fc.boolean()],
  [t.int32, fc.integer()],
  [t.int64, fc.maxSafeInteger()],
  [t.bigint, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  [t.float32, fc.float()],
  [t.float64, fc.double()],
  [t.decimal(15, 2), fc.integer().map(n => n / 100)],
  [t.decimal(15, 0), fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 })],
  [wide, fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n })],
  [t.utf8, fc.string({ unit: 'grapheme' })],
  [t.bytes, fc.uint8Array({ maxLength: 9 })],
  [t.date, fc.integer({ min: -50_000, max: 50_000 }).map(d => d * 86_400_000)],
  [t.timestamp, fc.integer({ min: -(2 ** 40), max: 2 ** 41 })],
  [t.datetime, fc.integer({ min: -(2 ** 40), max: 2 ** 41 })],
]
const columns = fc.constantFrom(...CASES).chain(([kind, value]) =>
  fc.boolean().chain(optional =>
    fc.record({
      kind: fc.constant(optional ? kind.nullable : kind),
      values: fc.array(optional ? fc.option(value) : value, { minLength: 20, maxLength: 20 }),
    }),
  ),
)

function filled(kind: Kind, values: readonly unknown[]): Column {
  const column = newColumn(kind, values.length)
  values.forEach((value, i) => {
    if (typeof value !== 'bigint' || kind.tag === 'bigint') writeValue(column, i, value)
    else {
      writeUnits(column, i, value)
      if (column.valid) column.valid[i] = 1
    }
  })
  return column
}
const rowsOf = ({ columns, selection, selected }: Batch): unknown[][] =>
  Array.from({ length: selected }, (_, k) =>
    columns.map(c => {
      const [column, i] = [c as Column, selection?.[k] ?? k]
      if (column.valid?.[i] === 0) return null
      return column.kind.tag === 'decimal' ? readUnits(column, i) : readValue(column, i)
    }),
  )

test('batches survive the way to Arrow and back, through IPC too', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(columns, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (list, select) => {
        const s = schemaOf(list.map(({ kind }, j) => ({ name: `c${j}`, kind })))
        const batch = dense(
          s,
          list.map(({ kind, values }) => filled(kind, values)),
          20,
        )
        if (select) Object.assign(batch, { selection: Int32Array.from([1, 4, 19]), selected: 3 })
        const there = await toArrow(batch)
        const [sent] = arrow.tableFromIPC(
          arrow.tableToIPC(new arrow.Table([there]), 'stream'),
        ).batches
        assert.ok(sent)
        for (const back of [
          await fromArrow(there),
          await fromArrow(sent),
          await fromArrow(sent, s),
        ]) {
          assert.deepEqual(rowsOf(back), rowsOf(batch))
          assert.deepEqual(
            back.schema.list.map(f => f.kind.name),
            s.list.map(f => f.kind.name),
          )
        }
        const slice = await fromArrow(there.slice(1, 3))
        assert.deepEqual(rowsOf(slice), rowsOf(batch).slice(1, 3))
      },
    ),
    { numRuns: 150 },
  )
})

test('Arrow reads the values that we mean', async () => {
  const s = schema({
    at: t.timestamp,
    day: t.date,
    price: t.decimal(10, 3),
    big: wide,
    ok: t.bool.nullable,
    name: t.utf8,
  })
  const batch = dense(
    s,
    [
      filled(t.timestamp, [1e12]),
      filled(t.date, [86_400_000]),
      filled(t.decimal(10, 3), [-1.25]),
      filled(wide, [-12345n]),
      filled(t.bool.nullable, [null]),
      filled(t.utf8, ['Zürich']),
    ],
    1,
  )
  const row = (await toArrow(batch)).get(0)?.toJSON() as Record<string, unknown>
  assert.equal(Number(row.at), 1e12)
  assert.equal(Number(row.day), 86_400_000)
  assert.equal(String(row.price), '-1250') // units: Arrow's own printing leaves the scale out
  assert.equal(String(row.big), '-12345')
  assert.equal(row.ok, null)
  assert.equal(row.name, 'Zürich')
})

test('the kinds whose layout is Arrow’s share their buffers, both ways', async () => {
  const kinds = {
    i: t.int32,
    b: t.bigint,
    f: t.float32,
    d: t.float64,
    day: t.date,
    w: wide,
    s: t.utf8,
    y: t.bytes,
  }
  const s = schema(kinds)
  const values = [
    [1, 2],
    [1n, 2n],
    [1, 2],
    [1, 2],
    [0, 86_400_000],
    [1n, 2n],
    ['a', 'b'],
    [Buffer.from('a'), Buffer.from('b')],
  ]
  const batch = dense(
    s,
    s.list.map((f, j) => filled(f.kind, values[j] as unknown[])),
    2,
  )
  const there = await toArrow(batch)
  const back = await fromArrow(there)
  s.list.forEach(({ name }, j) => {
    const [ours, data, again] = [batch.columns[j], there.data.children[j], back.columns[j]]
    assert.ok(ours && data && again)
    assert.equal(data.values.buffer, ours.values.buffer, name)
    assert.equal(again.values.buffer, ours.values.buffer, name)
    if (ours.pool === null) return
    const entries = data.dictionary?.data[0]
    assert.equal(entries?.values.buffer, ours.pool.bytes.buffer, name)
    assert.equal(entries?.valueOffsets.buffer, ours.pool.offsets.buffer, name)
    assert.equal(again.pool?.bytes.buffer, ours.pool.bytes.buffer, name)
    assert.equal(again.pool?.offsets.buffer, ours.pool.offsets.buffer, name)
  })
})

test('types that others write are taken', async () => {
  const table = arrow.tableFromArrays({
    a: Int8Array.from([1, -2]),
    b: BigUint64Array.from([3n, 4n]),
    c: ['x', 'y'],
  })
  const plain = arrow.vectorFromArray(['p', null, 'p'], new arrow.Utf8())
  const [first] = table.batches
  const [second] = new arrow.Table({ plain }).batches
  assert.ok(first && second)
  assert.deepEqual(rowsOf(await fromArrow(first)), [
    [1, 3, 'x'],
    [-2, 4, 'y'],
  ])
  assert.deepEqual(rowsOf(await fromArrow(second)), [['p'], [null], ['p']])
})

test('what does not fit is a data fault that names the column', async () => {
  const batchFrom = (vector: arrow.Vector) =>
    new arrow.Table({ a: vector }).batches[0] as arrow.RecordBatch
  const big = batchFrom(arrow.vectorFromArray([2n ** 60n], new arrow.Int64()))
  await assert.rejects(fromArrow(big), { kind: 'data', message: /"a", row 0: expected int64/ })
  assert.deepEqual(rowsOf(await fromArrow(big, schema({ a: t.bigint }))), [[2n ** 60n]])
  const time = batchFrom(arrow.vectorFromArray([1], new arrow.TimeSecond()))
  await assert.rejects(fromArrow(time), { kind: 'data', message: /"a" has the Arrow type Time/ })
  const nulls = batchFrom(arrow.vectorFromArray([1, null], new arrow.Int32()))
  await assert.rejects(fromArrow(nulls, schema({ a: t.int32 })), {
    kind: 'data',
    message: /has nulls/,
  })
  await assert.rejects(fromArrow(nulls, schema({})), {
    kind: 'data',
    message: /1 columns, expected 0/,
  })
})
