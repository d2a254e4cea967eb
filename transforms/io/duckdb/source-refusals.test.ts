/** What a DuckDB source refuses or rejects: files, tables, columns, values, and a file that others write to. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import { Fault, type FaultKind } from '../../../engine/fault.ts'
import { checkDuckDb } from './check.ts'
import { fileOf, folder, query, readTable, request, sourceOf } from './testing/read-table.ts'

const Row = schema({ id: t.int32 })
const refused = (work: Promise<unknown>, kind: FaultKind, text: RegExp): Promise<void> =>
  assert.rejects(work, error => {
    assert.ok(error instanceof Fault, String(error))
    assert.equal(error.kind, kind)
    assert.match(error.render(), text)
    return true
  })
const planned = async (uri: string, name = 'orders', o: object = {}) =>
  sourceOf(uri, name, Row, o).plan(request)

test('a file that is not there, is a folder, or is of another kind', async () => {
  const missing = join(folder, 'sub', 'missing.duckdb')
  await refused(planned(`duckdb:${missing}`), 'data', /missing\.duckdb is not there[\s\S]*load it/)
  assert.equal(existsSync(missing), false)
  mkdirSync(join(folder, 'folder.duckdb'))
  await refused(planned(`duckdb:${join(folder, 'folder.duckdb')}`), 'data', /is no file/)
  const csv = join(folder, 'orders.csv')
  writeFileSync(csv, 'id\n1\n22222222222222\n')
  await refused(planned(`duckdb:${csv}`), 'resource', /orders\.csv is no DuckDB file/)
  const empty = join(folder, 'empty.duckdb')
  writeFileSync(empty, '')
  await refused(planned(`duckdb:${empty}`), 'resource', /empty\.duckdb cannot be opened/)
  const broken = join(folder, 'broken.duckdb')
  writeFileSync(
    broken,
    Buffer.concat([Buffer.alloc(8), Buffer.from('DUCK'), Buffer.alloc(9000, 1)]),
  )
  await refused(planned(`duckdb:${broken}`), 'resource', /broken\.duckdb cannot be opened/)
})

test('a table that is not there is told with its neighbours, without the staging tables', async () => {
  const uri = await fileOf('tables.duckdb', 'CREATE TABLE order_lines (id INTEGER)')
  await refused(
    planned(uri, 'orders_lines'),
    'data',
    /has no table "orders_lines"\n\s*have\s+order_lines\n\s*hint\s+did you mean "order_lines"/,
  )
})

test('columns that are missing, or of a type that would lose something, are shown together', async () => {
  const uri = await fileOf(
    'columns.duckdb',
    `CREATE TABLE orders (orderId INTEGER, big BIGINT, huge HUGEINT, price DECIMAL(18,3), "at" TIMESTAMP,
      ns TIMESTAMP_NS, m MAP(VARCHAR, INTEGER), u UNION(a INTEGER, b VARCHAR), s STRUCT(a BIGINT))`,
  )
  const Orders = schema({
    order_id: t.int32,
    big: t.int32,
    huge: t.bigint,
    price: t.decimal(10, 2),
    at: t.timestamp,
    ns: t.datetime,
    m: t.struct(schema({ key: t.utf8 })),
    u: t.utf8,
    s: t.struct(schema({ a: t.int32, b: t.utf8.nullable })),
  })
  const lines = [
    'order_id: expected int32, the table has no such column (but orderId)',
    'big: expected int32, the table has BIGINT',
    'huge: expected bigint, the table has HUGEINT',
    'price: expected decimal(10,2), the table has DECIMAL(18,3)',
    'at: expected timestamp, the table has TIMESTAMP',
    'ns: expected datetime, the table has TIMESTAMP_NS',
    'm: expected struct("key":utf8), the table has MAP(VARCHAR, INTEGER)',
    'u: expected utf8, the table has UNION("a" INTEGER, "b" VARCHAR)',
    's: expected struct("a":int32 "b":utf8?), the table has STRUCT("a" BIGINT)',
  ]
  await assert.rejects(sourceOf(uri, 'orders', Orders).plan(request), (fault: Fault) => {
    assert.equal(fault.kind, 'data')
    assert.equal(fault.message, 'table orders has other columns than the schema')
    assert.deepEqual(fault.detail.slice(0, -1), lines)
    return true
  })
})

test('values that do not fit are rejected, with the table as their place', async () => {
  const uri = await fileOf(
    'values.duckdb',
    `CREATE TABLE orders AS SELECT * FROM (VALUES (1, 5, 'a', TIMESTAMPTZ '2020-01-01 00:00:00Z', '{}'), (2, 9007199254740993, 'a', NULL, '{}'),
      (NULL, 5, 'a', NULL, '{}'), (4, 5, 'z', NULL, '{}'), (5, 5, 'a', 'infinity'::TIMESTAMPTZ, '{}'), (6, 5, 'a', NULL, '{')) v(id, n, c, seen, j)`,
  )
  const Orders = schema({
    id: t.int32,
    n: t.int64,
    c: t.oneOf('a', 'b'),
    seen: t.timestamp.nullable,
    j: t.json,
  })
  const source = sourceOf(uri, 'orders', Orders)
  const { rows, rejects } = await readTable(source)
  assert.deepEqual(rows, [[1, 5, 'a', Date.UTC(2020, 0, 1), {}]])
  assert.deepEqual(
    rejects.map(r => [r.line, r.column, r.reason, r.uri]),
    [
      [2, 'n', 'expected int64, got a value out of its range', source.uri],
      [3, 'id', 'expected int32, got null', source.uri],
      [4, 'c', 'expected oneOf("a","b"), got another text', source.uri],
      [5, 'seen', 'expected timestamp?, got a value out of its range', source.uri],
      [6, 'j', 'expected json, got a text that is not JSON', source.uri],
    ],
  )
  await query(uri, "CREATE TABLE days AS SELECT DATE 'infinity' AS day WHERE random() < 2")
  const days = sourceOf(uri, 'days', schema({ day: t.date })).plan(request)
  await refused(days, 'data', /table days: .*column "day" has an infinite date/)
})

test('a file that another process writes to is refused with its number; one that is read is read', async () => {
  const uri = await fileOf('held.duckdb', 'CREATE TABLE orders AS SELECT 1::INTEGER AS id')
  const path = uri.slice('duckdb:'.length)
  const hold = async (mode: string): Promise<ChildProcess> => {
    const code = `const { DuckDBInstance } = await import('@duckdb/node-api'); globalThis.held = await DuckDBInstance.create(process.argv[1], { access_mode: process.argv[2] }); console.log('ready'); setInterval(() => {}, 1000)`
    const words = ['--input-type=module', '-e', code, path, mode]
    const holder = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise(resolve => holder.stdout.once('data', resolve))
    return holder
  }
  const end = async (holder: ChildProcess): Promise<void> => {
    holder.kill('SIGKILL')
    await new Promise(resolve => holder.once('exit', resolve))
  }
  const writer = await hold('READ_WRITE')
  const text = new RegExp(`held by another process \\(pid ${writer.pid}\\)[\\s\\S]*read a copy`)
  await refused(planned(uri), 'resource', text).finally(() => end(writer))
  const reader = await hold('READ_ONLY')
  try {
    assert.deepEqual((await readTable(sourceOf(uri, 'orders', Row))).rows, [[1]])
    const { passed, missing } = await checkDuckDb(uri)
    assert.deepEqual(passed, ['open the file', 'read its tables: 2'])
    assert.equal(missing[0]?.what, 'write to it')
    assert.match(missing[0]?.answered ?? '', new RegExp(`pid ${reader.pid}`))
  } finally {
    await end(reader)
  }
})

test('a file that was written to between two of its tables is not read as if it were one state', async () => {
  const uri = await fileOf(
    'states.duckdb',
    'CREATE TABLE orders AS SELECT 1::INTEGER AS id',
    'CREATE TABLE lines AS SELECT 1::INTEGER AS id',
  )
  const scope = {}
  const plan = (name: string, o: object) => sourceOf(uri, name, Row).plan({ ...request, ...o })
  await plan('orders', { scope })
  await plan('lines', { scope })
  await query(uri, 'INSERT INTO lines VALUES (2)')
  await plan('lines', { scope: {} })
  await refused(plan('lines', { scope }), 'resource', /written to between two of its tables/)
})

test('a writer of this process waits for those that read, and what it then writes is kept', async () => {
  const rows = 'SELECT i::INTEGER AS id FROM range(300000) x(i)'
  const uri = await fileOf('both.duckdb', `CREATE TABLE orders AS ${rows}`)
  const reading = readTable(sourceOf(uri, 'orders', Row))
  const writing = query(uri, 'CREATE TABLE more AS SELECT 1 AS one')
  const [read] = await Promise.all([reading, writing])
  assert.equal(read.rows.length, 300_000)
  assert.deepEqual(await query(uri, 'FROM more'), [{ one: 1 }])
  rmSync(uri.slice('duckdb:'.length))
})
