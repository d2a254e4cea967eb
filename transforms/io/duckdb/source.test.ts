/** Tables of DuckDB files as sources: every kind, splits, what is asked for, and one state of the file. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { schema, t } from '../../../engine/data/schema.ts'
import type { SourcePlan } from '../../../engine/io/source.ts'
import { runPipeline } from '../../../engine/run/run.ts'
import { fileOf, folder, query, readTable, request, room, sourceOf } from './testing/read-table.ts'

test('every type that DuckDB has a kind for, with nulls', async () => {
  const uri = await fileOf(
    'types.duckdb',
    "CREATE TYPE mood AS ENUM ('sad', 'glad')",
    `CREATE TABLE types (b BOOLEAN, i1 TINYINT, i2 SMALLINT, i4 INTEGER, i8 BIGINT, u1 UTINYINT, u2 USMALLINT,
      u4 UINTEGER, u8 UBIGINT, f4 FLOAT, f8 DOUBLE, d9 DECIMAL(9,2), d18 DECIMAL(18,3), d38 DECIMAL(38,10),
      s VARCHAR, e mood, uid UUID, bl BLOB, d DATE, tz TIMESTAMPTZ, ts TIMESTAMP, tm TIMESTAMP_MS, ti TIME,
      iv INTERVAL, j JSON, l INTEGER[], a VARCHAR[2], ls STRUCT(k VARCHAR)[],
      st STRUCT(x INTEGER, "y z" VARCHAR[], deep STRUCT(seen TIMESTAMPTZ, n DECIMAL(10,2)), extra BOOLEAN))`,
    `INSERT INTO types VALUES (true, -128, -32768, -2147483648, -9007199254740991, 255, 65535,
      4294967295, 9007199254740991, 0.5, 0.1, 1234567.89, -1.005, 123456.0123456789,
      'ä€😀''"', 'glad', '01234567-89ab-cdef-0123-456789abcdef', '\\x00\\xFF'::BLOB, '1969-12-31',
      '2020-02-29 23:59:59.123456+00', '1960-01-01 00:00:00.000001', '2020-01-01 00:00:00.123', '12:34:56.5',
      INTERVAL 3 DAY, '{"a": [1, null]}', [1, NULL, 3], ['p', 'q'], [{k: 'v'}, NULL],
      {x: 7, 'y z': ['m', NULL], deep: {seen: '2020-01-01 00:00:00.000001+00', n: 0.25}, extra: true})`,
    'INSERT INTO types (b) VALUES (NULL)',
  )
  const Inner = schema({
    deep: t.struct(schema({ n: t.decimal(10, 2), seen: t.timestamp })),
    x: t.int64,
    'y z': t.list(t.utf8.nullable),
    missing: t.utf8.nullable,
  })
  const Types = schema({
    b: t.bool.nullable,
    i1: t.int32.nullable,
    i2: t.int64.nullable,
    i4: t.int32.nullable,
    i8: t.int64.nullable,
    u1: t.bigint.nullable,
    u2: t.float64.nullable,
    u4: t.int64.nullable,
    u8: t.bigint.nullable,
    f4: t.float32.nullable,
    f8: t.float64.nullable,
    d9: t.decimal(12, 4).nullable,
    d18: t.decimal(18, 3).nullable,
    d38: t.decimal(38, 10).nullable,
    s: t.utf8.nullable,
    e: t.utf8.nullable,
    uid: t.utf8.nullable,
    bl: t.bytes.nullable,
    d: t.date.nullable,
    tz: t.timestamp.nullable,
    ts: t.datetime.nullable,
    tm: t.datetime.nullable,
    ti: t.utf8.nullable,
    iv: t.utf8.nullable,
    j: t.json.nullable,
    l: t.list(t.int32.nullable).nullable,
    a: t.list(t.utf8).nullable,
    ls: t.list(t.struct(schema({ k: t.utf8 })).nullable).nullable,
    st: t.struct(Inner).nullable,
  })
  const { rows, rejects } = await readTable(sourceOf(uri, 'types', Types))
  assert.deepEqual(rejects, [])
  const expected = [
    [true, -128, -32768, -2147483648, -9007199254740991, 255n, 65535, 4294967295],
    [9007199254740991n, 0.5, 0.1, 1234567.89, -1.005, 123456.0123456789],
    [`ä€😀'"`, 'glad', '01234567-89ab-cdef-0123-456789abcdef', Uint8Array.of(0, 255)],
    [-86400000, 1583020799123.456, -315619199999.999, 1577836800123, '12:34:56.5', '3 days'],
    [{ a: [1, null] }, [1, null, 3], ['p', 'q'], [{ k: 'v' }, null]],
    [{ deep: { n: 0.25, seen: 1577836800000.001 }, x: 7, 'y z': ['m', null], missing: null }],
  ]
  assert.deepEqual(rows, [expected.flat(), Types.list.map(() => null)])
})

/** More than one row group, so that there are several splits. */
const ROWS_COPIED = 125_000
const ROWS = `CREATE TABLE rows AS SELECT i::INTEGER AS id,
  CASE WHEN i % 7 > 0 THEN i * 4000000::BIGINT END AS whole,
  (i::DECIMAL(30,5) * 1234567890123456 / 10000)::DECIMAL(30,5) AS price,
  CASE WHEN i % 3 > 0 THEN 'näme ' || i % 1000 END AS name, i % 2 = 0 AS ok, sqrt(i) AS f,
  DATE '1960-01-01' + (i % 40000)::INTEGER AS day,
  TIMESTAMPTZ '1969-12-31 12:00:00Z' + to_microseconds(i * 1000003) AS seen,
  TIMESTAMP '2020-01-01' + to_microseconds(i) AS wall,
  CASE WHEN i % 5 > 0 THEN encode('ü' || i) END AS raw,
  json_object('i', i, 'l', [i, NULL]) AS any,
  CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN [] ELSE ['a', NULL, i::VARCHAR] END AS tags,
  CASE WHEN i % 6 > 0 THEN {n: i::INTEGER, 'a "b"': [(i / 100)::DECIMAL(10,2), 0.5]} END AS part`
const COPY = fileURLToPath(new URL('../../../test/duckdb/copy.ts', import.meta.url))
const differences = async (uri: string, a: string, b: string, first = ''): Promise<unknown> =>
  query(
    uri,
    `${first} (FROM ${a} EXCEPT ALL FROM ${b}) UNION ALL (FROM ${b} EXCEPT ALL FROM ${a}) LIMIT 3`,
  )

test('a run in threads copies a table within its file: each value is as it was, in as many rows', async () => {
  const uri = await fileOf('same.duckdb', `${ROWS} FROM range(${ROWS_COPIED}) x(i)`)
  const scratch = join(folder, 'scratch')
  const o = { pipeline: COPY, params: { from: uri, to: uri }, workers: 2, scratch, splitBytes: 1e6 }
  const within = await runPipeline(o)
  assert.equal(within.status, 'done', JSON.stringify(within.error))
  assert.deepEqual(await differences(uri, 'rows', 'copy'), [])
  assert.deepEqual(await query(uri, 'SELECT count(*)::INTEGER AS n FROM copy'), [
    { n: ROWS_COPIED },
  ])
  assert.deepEqual(readdirSync(scratch), [], 'the copy goes with the run')
  // What the run itself has written is read again like what DuckDB's SQL had.
  const other = `duckdb:${join(folder, 'other.duckdb')}`
  await query(uri, 'DROP TABLE rows')
  await query(uri, 'ALTER TABLE copy RENAME TO rows')
  const report = await runPipeline({ ...o, params: { from: uri, to: other } })
  assert.equal(report.status, 'done', JSON.stringify(report.error))
  const attach = `ATTACH '${other.slice('duckdb:'.length)}' AS other (READ_ONLY)`
  assert.deepEqual(await differences(uri, 'rows', 'other.copy', `${attach};`), [])
})

const Number_ = schema({ id: t.int32, name: t.utf8 })
const NUMBERS =
  "CREATE TABLE numbers AS SELECT i::INTEGER AS id, 'n' || i AS name FROM range(1000000) x(i)"

test('splits are cut by the place of rows, the same however many threads copy them', async () => {
  const uri = await fileOf('numbers.duckdb', NUMBERS)
  const source = sourceOf(uri, 'NUMBERS', Number_)
  const plans: SourcePlan[] = []
  for (const threads of [1, 3])
    plans.push(await source.plan({ ...request, splits: 16, room: { ...room, threads } }))
  const marks = plans.map(p => p.splits.map(s => (s.detail as { fingerprint: string }).fingerprint))
  assert.equal(marks[0]?.length, 3)
  assert.deepEqual(marks[0], marks[1])
  assert.deepEqual(plans[0]?.inputs, plans[1]?.inputs)
  const copies = () => readdirSync(folder).filter(name => name.startsWith('table-'))
  assert.equal(copies().length, 1)
  const { rows } = await readTable(source, { splits: 16 })
  assert.deepEqual(
    rows.map(r => r[0]),
    Array.from({ length: 1e6 }, (_, i) => i),
  )
  assert.deepEqual(copies(), [], 'release removes the copy')
  const version = async () => (await source.plan(request)).inputs[0]?.version
  await query(uri, 'CREATE TABLE other AS SELECT 1 AS one')
  assert.equal(await version(), plans[0]?.inputs[0]?.version, 'the same rows are the same input')
  await query(uri, "UPDATE numbers SET name = 'm5' WHERE id = 5")
  assert.notEqual(await version(), plans[0]?.inputs[0]?.version)
  await source.release?.()
  const { splits } = await source.plan({ splitBytes: 1e6 })
  assert.ok(splits.length > 1 && copies().length === 0, 'sizes alone are told without a copy')
})

test('long values are copied in ranges of rows, in order, within the memory that there is', async () => {
  const uri = await fileOf(
    'long.duckdb',
    'CREATE TABLE long AS SELECT i::INTEGER AS id, repeat(chr((65 + i % 26)::INTEGER), 300000 + i) AS name FROM range(400) x(i) WHERE i <> 7',
    'DELETE FROM long WHERE id BETWEEN 100 AND 180',
    "INSERT INTO long VALUES (400, 'last')",
  )
  const { rows, plan } = await readTable(sourceOf(uri, 'long', Number_))
  assert.ok(plan.splits.length >= 6, `${plan.splits.length} splits`)
  const ids = Array.from({ length: 401 }, (_, i) => i).filter(i => i !== 7 && (i < 100 || i > 180))
  assert.deepEqual(
    rows.map(r => r[0]),
    ids,
  )
  for (const [id, name] of rows as [number, string][])
    assert.equal(name.length, id === 400 ? 4 : 300_000 + id)
})

test('rows that a step drops are not read where the copy’s statistics rule them out', async () => {
  const uri = await fileOf('skip.duckdb', NUMBERS)
  const conditions = [[{ column: 'id', op: 'gte', value: 999_000 }]] as const
  const plan = await sourceOf(uri, 'numbers', Number_).plan({ ...request, conditions })
  assert.deepEqual(plan.skipped, [{ by: 0, rows: 122_880 * 8 }])
})

test('a view, a table of another schema, and names that SQL would take for something else', async () => {
  const odd = 'x"; DROP TABLE t; --'
  const uri = await fileOf(
    'names.duckdb',
    "CREATE TABLE t (id INTEGER, name VARCHAR, \"NAME2\" VARCHAR); INSERT INTO t VALUES (1, 'a', 'b')",
    'CREATE VIEW v AS SELECT id + 1 AS id, name FROM t',
    "CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 3 AS id, 'c' AS name",
    `CREATE TABLE "${odd.replaceAll('"', '""')}" AS SELECT 4 AS id, 'd' AS name`,
  )
  for (const [name, row] of [
    ['T', [1, 'a']],
    ['v', [2, 'a']],
    ['s.t', [3, 'c']],
    [odd, [4, 'd']],
  ] as const)
    assert.deepEqual((await readTable(sourceOf(uri, name, Number_))).rows, [row])
  // One name to DuckDB, two to us.
  const Both = schema({ name2: t.utf8, NAME2: t.utf8 })
  assert.deepEqual((await readTable(sourceOf(uri, 't', Both))).rows, [['b', 'b']])
  assert.equal(existsSync(uri.slice('duckdb:'.length)), true)
})
