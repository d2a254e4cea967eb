/** The Postgres warehouse on a real server: modes, idempotence, audits, atomic publication; and that it does what the embedded one does. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { type Field, schemaOf, t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
import type { TableOptions } from '../../../engine/io/sink.ts'
import type { Warehouse } from '../../../engine/io/warehouse.ts'
import { needs } from '../../../test/services/services.ts'
import { DuckDbWarehouse } from '../duckdb/warehouse.ts'
import { readAll } from '../files/testing/read-all.ts'
import { parquet } from '../parquet/index.ts'
import { audits } from '../table/audits.ts'
import { databaseOf } from '../../../test/postgres/database.ts'
import { loadOf, put, type Row } from '../../../test/postgres/loads.ts'
import { openWarehouse } from './warehouse.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-postgres-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const limits = { memoryBytes: 256e6, threads: 2, tempDirectory: join(folder, 'temp') }

async function warehouseOf(c: TestContext) {
  const { uri, run } = await databaseOf(c)
  const warehouse = openWarehouse(uri, limits)
  c.after(() => warehouse.close())
  await warehouse.check()
  const staged = async () =>
    (
      await run(
        "SELECT relname FROM pg_class WHERE relnamespace = 'millrace_staging'::regnamespace AND relkind = 'r' AND relname <> 'loads' ORDER BY 1",
      )
    ).map(r => r['relname'])
  return { warehouse, run, uri, staged }
}

const columns: Field[] = [
  { name: 'id', kind: t.int32 },
  { name: 'v', kind: t.utf8.nullable },
  { name: 'at', kind: t.date },
  { name: 'gone', kind: t.bool },
]
const day = (text: string) => Date.parse(`${text}T00:00:00Z`)
const row = (id: number, v: string | null, at: string, gone = false): Row => ({
  id,
  v,
  at: day(at),
  gone,
})
const load = (
  id: string,
  rows: readonly Row[],
  o: Partial<TableOptions> & { table?: string } = {},
) => loadOf(folder, { id, columns, shards: [rows], ...o })
const ids = async (w: Warehouse, table = 'sales') =>
  (await w.query(`SELECT id, v FROM "${table}" ORDER BY id, v`))
    .map(r => `${r['id']}${r['v'] ?? '-'}`)
    .join(' ')

test('every kind is stored and read back as it was', async c => {
  if (!needs(c, 'postgres')) return
  const { warehouse, run } = await warehouseOf(c)
  const kinds: Field[] = [
    ['b', t.bool],
    ['i', t.int32],
    ['l', t.int64],
    ['g', t.bigint],
    ['f', t.float32],
    ['d', t.float64],
    ['n', t.decimal(12, 3)],
    ['w', t.decimal(38, 10)],
    ['s', t.utf8],
    ['y', t.bytes],
    ['a', t.date],
    ['z', t.timestamp],
    ['k', t.datetime],
  ].map(([name, kind]) => ({ name: name as string, kind: (kind as typeof t.bool).nullable }))
  const some = {
    b: true,
    i: -5,
    l: 2 ** 53 - 1,
    g: -(2n ** 63n),
    f: 1.5,
    d: Number.NaN,
    n: -123456789.125,
    w: 12345.6789,
    s: "O'Neil \\ 😀",
    y: Uint8Array.of(0, 255, 39),
    a: day('0001-01-01'),
    z: 1709208000000.123,
    k: -0.001,
  }
  const none = Object.fromEntries(kinds.map(f => [f.name, null]))
  const zero = {
    ...some,
    b: false,
    i: 0,
    l: -(2 ** 53 - 1),
    g: 2n ** 63n - 1n,
    f: -0,
    d: -Infinity,
    n: 0,
    w: 0,
    s: '',
    y: new Uint8Array(0),
    a: day('9999-12-31'),
  }
  const one = await loadOf(folder, {
    id: 'k1',
    table: 'kinds',
    columns: kinds,
    shards: [[some, none, zero]],
  })
  await warehouse.stage(one)
  const path = join(folder, 'kinds.parquet')
  assert.equal(await warehouse.preview([one], 'kinds', path), 3)
  const back = await readAll(parquet(path, schemaOf(kinds)))
  const shards = (
    await Promise.all(one.files.map(f => readAll(parquet(f, schemaOf(kinds)))))
  ).flatMap(r => r.rows)
  assert.deepEqual(back.rows, shards)
  assert.deepEqual(await run("SELECT to_regclass('kinds') AS k"), [{ k: null }])
  await warehouse.publish([one])
  const [found] = await run('SELECT n::text, w::text, g::text, z::text, y::text FROM kinds WHERE b')
  assert.deepEqual(found, {
    n: '-123456789.125',
    w: '12345.6789000000',
    g: '-9223372036854775808',
    z: '2024-02-29 12:00:00.000123+00',
    y: '\\x00ff27',
  })
})

test('replace, then append, which is done once however often it is published', async c => {
  if (!needs(c, 'postgres')) return
  const { warehouse: w, run, staged } = await warehouseOf(c)
  await put(w, await load('r1', [row(1, 'a', '2020-01-01'), row(2, null, '2020-01-02')]))
  assert.equal(await ids(w), '1a 2-')
  const more = await load('a1', [row(3, 'c', '2020-01-03')], { mode: 'append' })
  assert.equal((await put(w, more))[0]?.adopted, false)
  assert.equal((await put(w, more))[0]?.adopted, true)
  assert.equal(await ids(w), '1a 2- 3c')
  await run('CREATE VIEW seen AS SELECT id FROM sales')
  await put(w, await load('r2', [row(9, 'z', '2020-01-01')]))
  assert.deepEqual(await run('SELECT id FROM seen'), [{ id: 9 }])
  await put(w, more)
  assert.equal(await ids(w), '3c 9z')
  assert.deepEqual(await staged(), [])
})

test('a reader in its own transaction sees the table as it was, while another takes its place', async c => {
  if (!needs(c, 'postgres')) return
  const { warehouse: w, run } = await warehouseOf(c)
  await put(w, await load('r1', [row(1, 'a', '2020-01-01')]))
  await run('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  assert.deepEqual(await run('SELECT id FROM sales'), [{ id: 1 }])
  await put(w, await load('r2', [row(2, 'b', '2020-01-01')]))
  assert.deepEqual(await run('SELECT id FROM sales'), [{ id: 1 }])
  await run('COMMIT')
  assert.deepEqual(await run('SELECT id FROM sales'), [{ id: 2 }])
})

test('a failed audit publishes no table, keeps staging and shows the rows; the next load clears it', async c => {
  if (!needs(c, 'postgres')) return
  const { warehouse: w, uri, staged } = await warehouseOf(c)
  await put(w, await load('r1', [row(1, 'a', '2020-01-01')]))
  const good = await load('g1', [row(5, 'a', '2020-01-01')], { table: 'other' })
  const bad = await load('b1', [row(1, 'x', '2020-01-01'), row(1, 'y', '2020-01-01')], {
    mode: 'append',
    audit: [audits.notNull('id'), audits.rowCount({ min: 1 }), audits.unique('id')],
  })
  await assert.rejects(put(w, good, bad), (f: Fault) => {
    assert.equal(f.kind, 'data')
    assert.match(
      f.render(),
      /audit "unique id" of table sales failed for 1 row\n[\s\S]*row {3}\{"id":1,"rows":"?3"?\}[\s\S]*kept {2}millrace_staging/,
    )
    return true
  })
  assert.equal(await ids(w), '1a')
  await assert.rejects(ids(w, 'other'), /does not exist/)
  assert.equal((await staged()).length, 2)
  await w.abandon([good])
  const evil = await load('e1', [row(7, 'x', '2020-01-01')], {
    mode: 'append',
    audit: ['SELECT 1) AS x; DROP TABLE sales; --'],
  })
  await assert.rejects(
    put(w, evil),
    (f: Fault) => f.kind === 'data' && /multiple commands|syntax/.test(f.message),
  )
  const writing = await load('e2', [row(7, 'x', '2020-01-01')], {
    mode: 'append',
    audit: ["SELECT setval('s', 1)"],
  })
  await assert.rejects(put(w, writing), (f: Fault) => f.kind === 'data')
  await w.close()
  const next = openWarehouse(uri, limits)
  c.after(() => next.close())
  await put(next, await load('r2', [row(2, 'b', '2020-01-01')], { mode: 'append' }))
  assert.equal(await ids(next), '1a 2b')
  assert.deepEqual(await staged(), [])
})

test('a table with other columns is refused with their difference, and replaced as a whole', async c => {
  if (!needs(c, 'postgres')) return
  const { warehouse: w, run } = await warehouseOf(c)
  await run('CREATE TABLE sales (id text, v text, at date NOT NULL, extra int)')
  const one = await load('a1', [row(1, 'a', '2020-01-01')], { mode: 'append' })
  await assert.rejects(put(w, one), (f: Fault) => {
    assert.deepEqual(
      [f.kind, ...f.detail],
      [
        'data',
        'id: expected integer, the table has text',
        'gone: expected boolean, the table has no such column',
        'extra: in the table only',
      ],
    )
    return true
  })
  await put(w, await load('r1', [row(1, 'a', '2020-01-01')]))
  assert.equal(await ids(w), '1a')
  await assert.rejects(
    put(w, await load('s1', [], { table: 'nowhere.sales' })),
    (f: Fault) => f.kind === 'data' && /schema "nowhere" does not exist/.test(f.message),
  )
  await assert.rejects(
    put(w, await load('z1', [row(1, 'a\0b', '2020-01-01')])),
    (f: Fault) => f.kind === 'data' && /column "v": a text has a zero byte/.test(f.message),
  )
})

test('odd names are names', async c => {
  if (!needs(c, 'postgres')) return
  const { warehouse: w, run } = await warehouseOf(c)
  await run('CREATE SCHEMA "my schema"')
  const odd = 'a"; DROP TABLE x; --'
  const fields = [
    { name: odd, kind: t.int32 },
    { name: 'SELECT', kind: t.utf8 },
    { name: '__proto__', kind: t.bool },
  ]
  const value = JSON.parse(`{${JSON.stringify(odd)}: 1, "SELECT": "x", "__proto__": true}`) as Row
  const name = '"my schema"."Grüße ""x"" of a name that is rather long, but not too long"'
  const o = {
    columns: fields,
    shards: [[value]],
    table: name,
    mode: 'merge',
    key: [odd],
    latest: 'SELECT',
    deleted: '__proto__',
  } as const
  await put(w, await loadOf(folder, { id: 'o1', ...o }))
  await put(w, await loadOf(folder, { id: 'o2', ...o, shards: [[{ ...value, SELECT: 'y' }]] }))
  assert.deepEqual(await run(`SELECT count(*)::int AS n FROM ${name}`), [{ n: 0 }])
})

test('what dead runs left goes with the next load; what a run is at work on stays', async c => {
  if (!needs(c, 'postgres')) return
  const { warehouse: w, uri, staged } = await warehouseOf(c)
  const dead = openWarehouse(uri, limits)
  await dead.stage(await load('dead', [row(1, 'a', '2020-01-01')]))
  await dead.close()
  const busy = openWarehouse(uri, limits)
  c.after(() => busy.close())
  const working = await load('busy', [row(8, 'h', '2020-01-01')])
  await busy.stage(working)
  await assert.rejects(
    w.stage(working),
    (f: Fault) => f.kind === 'resource' && /another run loads the same rows/.test(f.message),
  )
  assert.equal((await staged()).length, 2)
  await put(w, await load('r1', [row(2, 'b', '2020-01-01')]))
  assert.equal((await staged()).length, 1)
  await busy.publish([working])
  assert.equal(await ids(w), '8h')
  assert.deepEqual(await staged(), [])
})

const merged: Field[] = [
  { name: 'k', kind: t.int32.nullable },
  { name: 'q', kind: t.utf8 },
  { name: 'at', kind: t.timestamp.nullable },
  { name: 'v', kind: t.int32 },
  { name: 'gone', kind: t.bool.nullable },
]
const rowOf = fc.record({
  k: fc.constantFrom(null, 1, 2, 3),
  q: fc.constantFrom('a', 'B'),
  at: fc.constantFrom(null, 1, 2, 3, 3.001),
  v: fc.nat(1000),
  gone: fc.constantFrom(null, false, false, true),
})
const shardsOf = fc.array(fc.array(rowOf, { maxLength: 6 }), { minLength: 1, maxLength: 3 })
const MODES = [
  { mode: 'merge', key: ['k', 'q'], latest: 'at', deleted: 'gone' },
  { mode: 'merge', key: ['q'], latest: 'at' },
  { mode: 'merge', key: ['k'], latest: 'q', deleted: 'gone' },
  { mode: 'append' },
  { mode: 'replace' },
  { mode: 'replacePartition', partition: { by: 'at', unit: 'hour' } },
  { mode: 'replacePartition', partition: { by: 'k', range: { start: 1, end: 3, step: 1 } } },
] as const

test('the same loads give the same tables as in the embedded warehouse', async c => {
  if (!needs(c, 'postgres')) return
  const { warehouse: pg } = await warehouseOf(c)
  const duck = new DuckDbWarehouse(`duckdb:${join(folder, 'same.duckdb')}`, limits)
  await duck.check()
  c.after(() => duck.close())
  let tables = 0
  const listed = async (w: Warehouse, table: string) =>
    (await w.query(`SELECT * FROM "${table}"`))
      .map(r => JSON.stringify({ ...r, at: r['at'] === null ? null : Number(r['at']) }))
      .sort()
  const one = fc.tuple(fc.nat(3), shardsOf)
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...MODES),
      fc.array(one, { minLength: 1, maxLength: 4 }),
      async (mode, loads) => {
        const table = `t${++tables}`
        for (const [id, shards] of loads) {
          // The same id with other rows would be another manifest: ids follow the rows.
          const made = await loadOf(folder, {
            id: `${tables}-${id}-${JSON.stringify(shards).length}`,
            table,
            columns: merged,
            shards,
            ...mode,
          } as never)
          await put(duck, made)
          await put(pg, made)
          assert.deepEqual(await listed(pg, table), await listed(duck, table))
        }
      },
    ),
    { numRuns: Number(process.env['MILLRACE_RUNS'] ?? 30) },
  )
})
