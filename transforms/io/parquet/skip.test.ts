/**
 * Predicate pushdown, whole pipelines: row groups that a `where` cannot keep are not read, and nothing
 * else changes: rows (against DuckDB), counts by reason and by step (against a plan that is not optimized).
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type AnySchema, schema, t } from '../../../engine/data/schema.ts'
import { pipeline } from '../../pipeline.ts'
import { runPipeline } from '../../../engine/run/run.ts'
import { runRows } from '../../../testing/index.ts'
import { folderOf } from '../files/testing/read-all.ts'
import { parquetFragment } from './fragment.ts'
import { parquet } from './index.ts'
import { ParquetFiles } from './source.ts'
import { duck, noPyarrow, pyarrow } from './testing/peers.ts'

const folder = folderOf({})
after(() => folder.remove())

const Row = schema({
  id: t.int32,
  whole: t.int64.nullable,
  price: t.decimal(10, 2).nullable,
  wide: t.decimal(30, 4),
  real: t.float64.nullable,
  at: t.timestamp.nullable,
  day: t.date,
  text: t.utf8.nullable,
  long: t.utf8,
  flag: t.bool,
})

/** Ten row groups, in most of which each column spans a narrow range; NaN, nulls, long and odd text. */
const path = join(folder.path, 'rows.parquet')
await duck(`COPY (SELECT i::INTEGER AS id,
  CASE WHEN i % 7 = 0 OR i // 2048 = 4 THEN NULL ELSE i * 10 END::BIGINT AS whole,
  CASE WHEN i // 2048 = 5 THEN NULL ELSE i / 100.0 END::DECIMAL(10,2) AS price,
  (i * 1000003 / 7.0)::DECIMAL(30,4) AS wide,
  CASE WHEN i // 2048 = 7 AND i % 100 = 3 THEN 'NaN'::DOUBLE WHEN i % 9 = 0 THEN NULL WHEN i < 2 THEN -0.0 ELSE i / 8 END AS real,
  CASE WHEN i % 11 = 0 THEN NULL ELSE make_timestamp(1600000000000000 + i * 1001) END::TIMESTAMPTZ AS at,
  (DATE '2020-01-01' + (i // 500)::INTEGER) AS day,
  CASE WHEN i // 2048 = 6 THEN NULL ELSE chr((65 + i // 1000)::INTEGER) || '€' || i END AS text,
  repeat('€', 40) || lpad(i::VARCHAR, 6, '0') AS long,
  i < 4096 AS flag
  FROM range(20480) r(i)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`)

const micros = (us: number) => us / 1000
type Tests = Parameters<ReturnType<typeof read>['where']>[0]
// biome-ignore lint/suspicious/noExplicitAny: the pipeline of whatever build
const read = (p: any, from = path) =>
  p.read(parquet(from, Row)) as import('millrace').PCollection<(typeof Row)['fields']>

/** The same rows as one row group of ours, whose pages are as long as those row groups. */
const paged = join(folder.path, 'paged.parquet')
{
  const writer = parquetFragment(paged, Row as AnySchema, { rowsPerPage: 2048 })
  const source = new ParquetFiles(path, Row, {})
  for (const split of (await source.plan({ splitBytes: 1e12 })).splits) {
    const wanted = Row.list.map(() => true)
    const reader = source.open(split, { wanted, rowsPerBatch: 1000, reject() {}, advance() {} })
    for (let b = reader.next(); b !== null; b = reader.next()) void writer.write(b)
    reader.close()
  }
  void writer.close()
}

/** Tests, the same in SQL, and how many of the ten row groups may be left unread at least. */
const CASES: readonly (readonly [tests: Tests, sql: string, groups: number])[] = [
  [{ id: { gte: 4096, lt: 6144 } }, 'id >= 4096 AND id < 6144', 9],
  [{ id: 5000 }, 'id = 5000', 9],
  [{ id: { in: [1, 20_000] } }, 'id IN (1, 20000)', 8],
  [{ id: { gt: 20_479 } }, 'id > 20479', 10],
  [{ id: { not: 3 } }, 'id <> 3', 0],
  [{ whole: { lt: 100 } }, 'whole < 100', 9],
  [{ whole: null }, 'whole IS NULL', 0],
  [{ whole: { not: null } }, 'whole IS NOT NULL', 1],
  [{ price: { gte: 20.48, lte: 40.95 } }, 'price >= 20.48 AND price <= 40.95', 9],
  [{ price: 0.1 + 0.2 }, 'price = 0.30', 9],
  [{ price: null }, 'price IS NULL', 9],
  [{ price: { in: [null, 1.5] } }, 'price IS NULL OR price = 1.5', 8],
  [{ wide: { gt: 2_000_000_000 } }, 'wide > 2000000000', 6],
  [{ real: { lt: 200 } }, 'real < 200', 8],
  [{ real: { gt: 2500 } }, 'real > 2500', 0],
  [{ real: 0 }, 'real = 0', 8],
  [{ real: { gte: 0 } }, 'real >= 0', 0],
  [
    { at: { lt: micros(1_600_000_000_000_000 + 2048 * 1001) } },
    '"at" < make_timestamp(1600000000000000 + 2048 * 1001)::TIMESTAMPTZ',
    9,
  ],
  [
    { at: micros(1_600_000_000_000_000 + 5001 * 1001) },
    '"at" = make_timestamp(1600000000000000 + 5001 * 1001)::TIMESTAMPTZ',
    9,
  ],
  [{ day: { gte: Date.UTC(2020, 1, 1) } }, "day >= DATE '2020-02-01'", 7],
  [{ text: { gte: 'T' } }, "text >= 'T'", 8],
  [{ text: { lt: 'A€5' } }, "text < 'A€5'", 8],
  [{ text: 'none' }, "text = 'none'", 10],
  [{ long: `${'€'.repeat(40)}000007` }, `long = repeat('€', 40) || '000007'`, 0],
  [{ long: { lt: '€' } }, `long < '€'`, 0],
  [{ flag: true }, 'flag', 8],
  [{ flag: false, id: { lt: 5000 } }, 'NOT flag AND id < 5000', 9],
]

/** One NaN leaves a column of ours without bounds. */
const expectedOf = (from: string, tests: Tests, groups: number): number =>
  from === paged && 'real' in tests ? 0 : groups

for (const [tests, sql, groups] of CASES)
  for (const from of [path, paged]) whereTest(from, tests, sql, expectedOf(from, tests, groups))

function whereTest(from: string, tests: Tests, sql: string, groups: number): void {
  test(`where ${sql}${from === paged ? ', by pages' : ''}`, async () => {
    const { rows, report } = await runRows(p => ({
      kept: read(p, from).where(tests, { reason: 'no' }),
    }))
    const wanted = await duck(`SELECT id::VARCHAR FROM '${path}' WHERE ${sql} ORDER BY id`)
    assert.deepEqual(
      rows.kept.map(r => String(r.id)),
      wanted.map(([id]) => id),
    )
    const skipped = report.skipped[0]?.rows ?? 0
    assert.ok(skipped >= groups * 2048, `${skipped / 2048} row groups were not read, not ${groups}`)
    const dropped = report.dropped.find(d => d.reason === 'no')?.rows ?? 0
    assert.equal(dropped, 20_480 - rows.kept.length)
    assert.equal(report.rows.read, 20_480)
    assert.equal(report.rows.filtered, dropped)
  })
}

test('bytes read fall with the row groups', async () => {
  const all = await runRows(p => ({ kept: read(p) }))
  const one = await runRows(p => ({ kept: read(p).where({ id: { lt: 2048 } }) }))
  assert.equal(one.rows.kept.length, 2048)
  assert.ok(one.report.bytes.read < all.report.bytes.read / 8, `${one.report.bytes.read}`)
  assert.deepEqual(one.report.skipped, [{ step: all.report.stages[0]?.name, rows: 9 * 2048 }])
})

test('a row counts under the first step that drops it, read or not', async () => {
  const counts = async (reads: number) => {
    const { rows, report } = await runRows(p => {
      const lines = read(p)
      const kept = lines
        .dropNulls('price')
        .where({ id: { gte: 4096 } }, { reason: 'early' })
        .rename({ id: 'number' })
        .select('number', 'flag', 'price')
        .where({ number: { lt: 8192 } }, { reason: 'late' })
        .filter(r => r.number % 2 === 0, { reason: 'odd' })
      // A second reader of the rows: then all are read.
      return reads === 1 ? { kept } : { kept, all: lines.select('id') }
    })
    return { kept: rows.kept, dropped: report.dropped, skipped: report.skipped }
  }
  const [pushed, whole] = [await counts(1), await counts(2)]
  assert.deepEqual(pushed.kept, whole.kept)
  assert.deepEqual(pushed.dropped, whole.dropped)
  assert.deepEqual(
    pushed.dropped.map(d => d.rows),
    [2048, 4096, 20_480 - 8192 - 2048, 2048],
  )
  assert.equal(pushed.skipped[0]?.rows, 8 * 2048)
  assert.deepEqual(whole.skipped, [])
})

test('pages: a row counts under the first step that drops it; columns of other page lengths', async () => {
  const counts = async (from: string, reads: number) => {
    const { rows, report } = await runRows(p => {
      const lines = read(p, from)
      const kept = lines
        .dropNulls('price')
        .where({ day: { gte: Date.UTC(2020, 0, 9) } }, { reason: 'early' })
        .where({ id: { lt: 9000 }, text: { gte: 'D' } }, { reason: 'late' })
      return reads === 1 ? { kept } : { kept, all: lines.select('id') }
    })
    return { kept: rows.kept, dropped: report.dropped, skipped: report.skipped[0]?.rows ?? 0 }
  }
  const uneven = join(folder.path, 'uneven.parquet')
  if (noPyarrow === false)
    pyarrow(
      `pq.write_table(pq.read_table('${path}'), '${uneven}', write_page_index=True, data_page_size=8192, use_dictionary=False, write_batch_size=64)`,
    )
  for (const from of noPyarrow === false ? [paged, uneven] : [paged]) {
    const [pushed, whole] = [await counts(from, 1), await counts(from, 2)]
    assert.deepEqual(pushed.kept, whole.kept)
    assert.deepEqual(pushed.dropped, whole.dropped)
    assert.equal(whole.skipped, 0)
    assert.ok(pushed.skipped >= 8000, `${from}: ${pushed.skipped} rows were not read`)
  }
})

test('a step that may drop rows by a function ends it', async () => {
  const { rows, report } = await runRows(p => ({
    kept: read(p)
      .filter(r => r.id % 2 === 0, { reason: 'odd' })
      .where({ id: { lt: 10 } }, { reason: 'no' }),
  }))
  assert.equal(rows.kept.length, 5)
  assert.deepEqual(report.skipped, [])
  assert.deepEqual(
    report.dropped.map(d => [d.reason, d.rows]),
    [
      ['odd', 10_240],
      ['no', 10_235],
    ],
  )
})

test('a filled null is not what the statistics tell of', async () => {
  const { rows, report } = await runRows(p => ({
    kept: read(p)
      .fillNulls({ price: -1 })
      .where({ price: { lt: 0 } }),
  }))
  assert.equal(rows.kept.length, 2048)
  assert.deepEqual(report.skipped, [])
})

test('rows that have to be rejected are read', async () => {
  const flawed = join(folder.path, 'flawed.parquet')
  await duck(
    `COPY (SELECT i::INTEGER AS id, CASE WHEN i = 5000 THEN NULL ELSE 'x' END AS text FROM range(8192) r(i)) TO '${flawed}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
  )
  const s = schema({ id: t.int32, text: t.utf8 })
  const { rows, report } = await runRows(p => {
    const lines = p.read(parquet(flawed, s))
    return { kept: lines.where({ id: { lt: 10 } }), bad: lines.rejects }
  })
  assert.equal(rows.kept.length, 10)
  assert.equal(rows.bad.length, 1)
  assert.equal((rows.bad[0] as { line: number }).line, 5001)
  assert.equal(report.skipped[0]?.rows, 2 * 2048)
})

test('the values of folders decide too', async () => {
  const output = join(folder.path, 'by-day')
  const write = pipeline({
    name: 'write',
    build(p) {
      read(p)
        .select('id', 'day')
        .write(parquet(output, { partitionBy: ['day'] }))
    },
  })
  assert.equal((await runPipeline({ pipeline: write })).status, 'done')
  const s = schema({ id: t.int32, day: t.date })
  const { rows, report } = await runRows(p => ({
    kept: p
      .read(parquet(`${output}/**/*.parquet`, s))
      .where({ day: Date.UTC(2020, 0, 3), id: { gte: 1100 } }),
  }))
  assert.equal(rows.kept.length, 400)
  assert.equal(report.skipped[0]?.rows, 20_480 - 500)
})

test('a preview reads its rows from the start', async () => {
  const preview = pipeline({
    name: 'preview',
    build(p) {
      read(p)
        .where({ id: { gte: 6000 } }, { reason: 'no' })
        .write(parquet(join(folder.path, 'preview')))
    },
  })
  const report = await runPipeline({ pipeline: preview, limit: 4096 })
  assert.equal(report.rows.read, 4096)
  assert.deepEqual([report.dropped[0]?.rows, report.skipped], [4096, []])
})

test('row groups that are left out are in no split; those read keep their place in the file', async () => {
  const source = new ParquetFiles(path, Row, {})
  const conditions = [
    [
      { column: 'id', op: 'gte', value: 4096 },
      { column: 'id', op: 'lt', value: 8192 },
    ],
  ] as const
  const plan = await source.plan({ splitBytes: 1, conditions })
  assert.deepEqual(plan.skipped, [{ by: 0, rows: 8 * 2048 }])
  const read = plan.splits.map(split => {
    const wanted = Row.list.map(() => true)
    const reader = source.open(split, { wanted, rowsPerBatch: 4096, reject() {}, advance() {} })
    const batch = reader.next()
    const place = [batch?.rows, batch?.origin?.firstRow, reader.next(), reader.end().lines]
    reader.close()
    return place
  })
  // The first split counts the two row groups before it.
  assert.deepEqual(read, [
    [2048, 4096, null, 6144],
    [2048, 0, null, 2048],
  ])
  const none = await source.plan({
    splitBytes: 1,
    conditions: [[{ ...conditions[0][0], value: 99_999 }]],
  })
  assert.deepEqual([none.splits, none.skipped], [[], [{ by: 0, rows: 20_480 }]])
})

test('splits are of much the same number of rows where that is asked for', async () => {
  const long = join(folder.path, 'long.parquet')
  await duck(
    `COPY (SELECT i::INTEGER AS id FROM range(800000) r(i)) TO '${long}' (FORMAT parquet, ROW_GROUP_SIZE 81920)`,
  )
  const source = new ParquetFiles(long, schema({ id: t.int32 }), {})
  const groups = async (splits?: number) =>
    (await source.plan({ splitBytes: 1e12, ...(splits ? { splits } : {}) })).splits.map(
      s => (s.detail as { groups: number[] }).groups.length,
    )
  assert.deepEqual(await groups(), [10])
  assert.deepEqual(await groups(2), [5, 5])
  // Not fewer than 262,144 rows each.
  assert.deepEqual(await groups(100), [4, 4, 2])
})
