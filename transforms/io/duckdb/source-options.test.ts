/** What is asked of a DuckDB source: `where`, as the engine itself compares, and `incremental`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { passes, type Test } from '../../../engine/io/condition.ts'
import type { PlanRequest } from '../../../engine/io/source.ts'
import { testsOf } from '../table/where.ts'
import { fileOf, query, readTable, request, sourceOf } from './testing/read-table.ts'

const Row = schema({
  id: t.int32,
  n: t.int64.nullable,
  big: t.bigint.nullable,
  f: t.float64.nullable,
  single: t.float32.nullable,
  price: t.decimal(12, 3).nullable,
  name: t.utf8.nullable,
  ok: t.bool.nullable,
  raw: t.bytes.nullable,
  day: t.date.nullable,
  seen: t.timestamp.nullable,
  wall: t.datetime.nullable,
})
const TYPES =
  'id INTEGER, n BIGINT, big BIGINT, f DOUBLE, single FLOAT, price DECIMAL(12,3), name VARCHAR, ok BOOLEAN, raw BLOB, day DATE, seen TIMESTAMPTZ, wall TIMESTAMP'
const ROWS = [
  `(1, 5, 9223372036854775807, 0.1, 0.1, 1.005, 'a', true, '\\x00'::BLOB, '2020-01-01', '2020-01-01 00:00:00.000001Z', '2020-01-01')`,
  `(2, -5, -3, 'NaN', 'NaN', -0.001, 'ä''', false, '\\xFF'::BLOB, '1969-12-31', '1969-12-31 23:59:59.999999Z', '1500-02-28 01:02:03.5')`,
  `(3, 0, 0, '-0.0', 1.5, 100000.000, 'B', NULL, ''::BLOB, '0001-01-01', '2020-01-01 00:00:00Z', NULL)`,
  `(4, 9007199254740991, 1, 'Infinity', '-Infinity', 1.006, '😀', true, NULL, NULL, NULL, NULL)`,
  `(5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
]
const day = Date.UTC(2020, 0, 1)
const WHERES: readonly Record<string, unknown>[] = [
  { n: 5 },
  { n: { not: 5 } },
  { n: null },
  { n: { not: null } },
  { n: { in: [0, null, -5] } },
  { n: { in: [] } },
  { n: { gte: 0, lt: 9007199254740991 } },
  { big: { gt: -3n } },
  { big: 9223372036854775807n },
  { f: Number.NaN },
  { f: { gt: 0.1 } },
  { f: 0 },
  { f: { lt: Number.POSITIVE_INFINITY } },
  { single: Math.fround(0.1) },
  { single: { lte: 1.5 } },
  { price: 1.005 },
  { price: { gt: 1.005 } },
  { price: { lte: -0.001 } },
  { price: 100000 },
  { name: "ä'" },
  { name: { gt: 'B', lt: '😀' } },
  { name: { in: ["x'; DROP TABLE rows; --", 'a'] } },
  { ok: true },
  { ok: { not: true } },
  { raw: Uint8Array.of(255) },
  { raw: { gt: Uint8Array.of(0) } },
  { day },
  { day: { lt: 0 } },
  { seen: { gt: day } },
  { seen: day + 0.001 },
  { wall: { lte: day } },
  { id: { in: [1, 2, 3] }, ok: { not: false }, name: { gte: 'a' } },
]

test('where finds the rows that the engine’s own test passes', async () => {
  const uri = await fileOf(
    'where.duckdb',
    `CREATE TABLE rows (${TYPES})`,
    `INSERT INTO rows VALUES ${ROWS.join(', ')}`,
  )
  const names = Row.list.map(f => f.name)
  const all = (await readTable(sourceOf(uri, 'rows', Row))).rows
  assert.equal(all.length, ROWS.length)
  for (const where of WHERES) {
    const tests: Test[] = Object.entries(where).flatMap(([c, it]) => testsOf('rows', c, it))
    const wanted = all.filter(row => tests.every(it => passes(it, row[names.indexOf(it.column)])))
    const { rows } = await readTable(sourceOf(uri, 'rows', Row, { where }))
    const ids = (some: unknown[][]) => some.map(row => row[0])
    const shown = Object.entries(where).map(([c, it]) => `${c} ${JSON.stringify(it, plain)}`)
    assert.deepEqual(ids(rows), ids(wanted), shown.join(' '))
  }
  const refused: readonly [Record<string, unknown>, RegExp][] = [
    [{ name: 'a\0b' }, /"name" eq cannot be asked of a utf8/],
    [{ name: 5 }, /"name" eq cannot be asked/],
    [{ n: '5' }, /"n" eq cannot be asked of a int64/],
    [{ n: { like: 'x' } }, /test "like" of column "n" is none/],
    [{ day: day + 1 }, /"day" eq cannot be asked/],
  ]
  for (const [where, text] of refused)
    await assert.rejects(sourceOf(uri, 'rows', Row, { where }).plan(request), error => {
      assert.ok(error instanceof Fault && error.kind === 'pipeline', String(error))
      return text.test(error.message)
    })
})

const plain = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? `${value}n` : Number.isNaN(value) ? 'NaN' : value

const minute = (n: number): number => Date.UTC(2024, 0, 1, 0, n)
for (const [kind, type, made] of [
  [t.timestamp, 'TIMESTAMPTZ', "TIMESTAMPTZ '2024-01-01 00:00:00Z'"],
  [t.datetime, 'TIMESTAMP', "TIMESTAMP '2024-01-01'"],
] as const)
  test(`incremental by ${type}: a mark moves to the last time there is, or to the interval's end`, async () => {
    const S = schema({ id: t.int32, at: kind.nullable })
    const uri = await fileOf(
      `since-${type}.duckdb`,
      `CREATE TABLE e AS SELECT i::INTEGER AS id, ${made} + to_minutes(i) + to_microseconds(1) AS "at" FROM range(100) x(i)`,
      "INSERT INTO e VALUES (100, NULL), (101, 'infinity')",
    )
    const read = async (o: Partial<PlanRequest>, overlap = '0ms') => {
      const source = sourceOf(uri, 'e', S, { incremental: { by: 'at', overlap } })
      const { rows, plan, rejects } = await readTable(source, o)
      assert.equal(rejects.length, 1, 'what is infinite is rejected by each')
      const ids = rows.map(r => r[0] as number)
      return { count: ids.length, first: Math.min(...ids), last: Math.max(...ids), mark: plan.mark }
    }
    const all = await read({})
    assert.deepEqual(all, { count: 101, first: 0, last: 100, mark: '2024-01-01T01:39:00.000001Z' })
    const since = all.mark as string
    assert.deepEqual(await read({ since }), { count: 1, first: 99, last: 99, mark: since })
    const late = "(200, '2024-01-01 01:35:00.000001'), (201, '2024-01-01 02:00:00')"
    await query(uri, `INSERT INTO e VALUES ${late}`)
    assert.equal((await read({ since })).count, 2)
    const mark = '2024-01-01T02:00:00.000000Z'
    assert.deepEqual(await read({ since }, '4min'), { count: 7, first: 95, last: 201, mark })
    const interval = { start: minute(10), end: minute(20) }
    assert.deepEqual(await read({ since: '2024-01-01T00:10:00.000000Z', interval }), {
      count: 10,
      first: 10,
      last: 19,
      mark: '2024-01-01T00:20:00.000000Z',
    })
    const news = async (end: number) => {
      const o = { since: '2024-01-01T01:45:00.000000Z', interval: { start: minute(105), end } }
      const source = sourceOf(uri, 'e', S, { incremental: { by: 'at', overlap: '5min' } })
      const { plan, rows } = await readTable(source, o)
      return [plan.nothingNew === true, rows.length]
    }
    await query(uri, "INSERT INTO e VALUES (300, '2024-01-01 01:41:00')")
    assert.deepEqual(await news(minute(120)), [true, 1], 'only what the overlap has')
    assert.deepEqual(await news(minute(121)), [false, 2])
    await assert.rejects(
      read({ since: "x' OR true" }),
      (f: Fault) => f.kind === 'data' && /is no mark/.test(f.message),
    )
    await query(uri, 'DELETE FROM e')
    const source = sourceOf(uri, 'e', S, { incremental: { by: 'at' } })
    assert.equal((await source.plan({ ...request, since })).mark, since)
  })
