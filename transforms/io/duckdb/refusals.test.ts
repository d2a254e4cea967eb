/** What the DuckDB warehouse refuses, in whose words; odd names, kinds, and files. */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Field, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { audits, table } from '../table/index.ts'
import { limits, loadOf, put, shard, warehouseAt } from './sample.ts'
import { DuckDbWarehouse } from './warehouse.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-refusals-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let made = 0
const open = () => warehouseAt(join(folder, `${made++}.duckdb`), folder)
const file = (query: string) => shard(join(folder, `${made++}.parquet`), query)
const fault = (kind: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error))
  assert.equal(error.kind, kind)
  assert.match(error.render(), text)
  return true
}
const columns: Field[] = [
  { name: 'id', kind: t.int32 },
  { name: 'note', kind: t.utf8.nullable },
]

test('what the author can mend is refused before anything is loaded', async () => {
  const w = await open()
  const load = loadOf({ id: '1', columns, files: ['/nowhere.parquet'], rows: 0 })
  const but = (o: object) => w.stage({ ...load, options: { ...load.options, ...o } })
  const by = (column: string) => ({ by: column, unit: 'day' })
  await assert.rejects(
    but({ audit: [audits.unique('nota')] }),
    fault(
      'pipeline',
      /asks for column "nota"[\s\S]*user\.ts:1 {2}\.write[\s\S]*did you mean "note"/,
    ),
  )
  await assert.rejects(but({ audit: [audits.unique()] }), fault('pipeline', /names no column/))
  await assert.rejects(but({ deleted: 'note' }), fault('pipeline', /"note" is not bool/))
  await assert.rejects(
    but({ mode: 'replacePartition', partition: by('id') }),
    fault('pipeline', /partition column "id" is no date/),
  )
  const twins = [...columns, { name: 'ID', kind: t.int32 }]
  await assert.rejects(
    w.stage({ ...load, columns: twins }),
    fault('pipeline', /"id" and "ID" are one name/),
  )
  await assert.rejects(but({}), fault('resource', /table sales: IO Error: No files found/))
  await w.close()
})

test('shards that do not fit are the data’s fault, rows that are missing the engine’s', async () => {
  const w = await open()
  const load = async (query: string, rows = 1) =>
    put(w, loadOf({ id: 'x', columns, files: [await file(query)], rows }))
  await assert.rejects(load('SELECT 1 AS id'), fault('data', /column "note" not found/))
  await assert.rejects(load("SELECT 'x' AS id, 'y' AS note"), fault('data', /convert string/))
  await assert.rejects(load("SELECT NULL::INTEGER AS id, 'y' AS note"), fault('data', /NOT NULL/))
  await assert.rejects(
    load("SELECT 1 AS id, 'y' AS note", 2),
    fault('engine', /1 rows staged of 2/),
  )
  const broken = join(folder, 'broken.parquet')
  writeFileSync(broken, 'nothing of the kind')
  await assert.rejects(
    put(w, loadOf({ id: 'y', columns, files: [broken], rows: 1 })),
    fault('data', /broken\.parquet/),
  )
  await w.close()
})

test('an audit cannot end the transaction, and counts more rows than it shows', async () => {
  const w = await open()
  const files = [await file('SELECT range::INTEGER AS id, NULL::VARCHAR AS note FROM range(10000)')]
  const load = (audit: unknown[]) => loadOf({ id: 'z', columns, files, rows: 10000, audit })
  await assert.rejects(put(w, load([audits.notNull('note')])), (error: Fault) => {
    assert.match(error.message, /failed for 10000 rows/)
    return error.detail.filter(d => d.startsWith('row ')).length === 3
  })
  await assert.rejects(put(w, load(['SELECT 1; COMMIT'])), fault('data', /syntax error/))
  assert.equal((await w.query("FROM duckdb_tables() WHERE table_name = 'sales'")).length, 0)
  await put(
    w,
    load([audits.sql('SELECT * FROM sales WHERE id < 0 -- none\n;'), audits.unique('id')]),
  )
  const left = await w.query(
    "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'sales-%'",
  )
  assert.deepEqual(left, [], 'the staging tables of failed runs are gone after a good one')
  await w.close()
})

test('names are names, whatever they hold', async () => {
  const w = await open()
  const names = [
    '__proto__',
    'constructor',
    'a"; DROP TABLE x; --',
    "it's",
    'rowid',
    'millrace_position',
    'select',
    'é 漢',
  ]
  const odd = names.map(name => ({ name, kind: t.int32 }))
  const values = (n: number) =>
    names.map((name, i) => `${n * 100 + i}::INTEGER AS "${name.replaceAll('"', '""')}"`).join(', ')
  const files = [
    await file(
      `SELECT ${values(1).replace('100:', '7:')}, 0 AS unused UNION ALL SELECT ${values(2).replace('200:', '7:')}, 0`,
    ),
  ]
  const o = { mode: 'merge', key: ['__proto__'], latest: 'constructor', cluster: names } as const
  const audit = [
    audits.unique(...names),
    audits.notNull(...names),
    audits.accepted("it's", [103, 203, Number.NaN]),
  ]
  for (const id of ['1', '2'])
    await put(w, loadOf({ id, table: 'x"y.z', columns: odd, files, rows: 2, ...o, audit }))
  const rows = await w.query('SELECT * FROM "x""y.z"')
  assert.equal(rows.length, 1)
  assert.deepEqual(
    Object.entries(rows[0] ?? {}),
    names.map((n, i) => [n, i === 0 ? 7 : 200 + i]),
  )
  await w.close()
})

test('every kind arrives as its type', async () => {
  const w = await open()
  const all: [string, Field['kind'], string, string][] = [
    ['b', t.bool, 'true', 'BOOLEAN'],
    ['i', t.int32, '1', 'INTEGER'],
    ['l', t.int64, '9007199254740993', 'BIGINT'],
    ['f', t.float32, '0.5', 'FLOAT'],
    ['d', t.float64, '0.1', 'DOUBLE'],
    ['m', t.decimal(30, 4), '12345678901234567890.1234', 'DECIMAL(30,4)'],
    ['u', t.utf8, "'é'", 'VARCHAR'],
    ['y', t.bytes, "'\\x00'::BLOB", 'BLOB'],
    ['a', t.date, "DATE '2020-02-29'", 'DATE'],
    ['s', t.timestamp, "TIMESTAMPTZ '2020-01-01 00:00:00.000001+00'", 'TIMESTAMP WITH TIME ZONE'],
    ['w', t.datetime, "TIMESTAMP '2020-01-01 00:00:00.000001'", 'TIMESTAMP'],
  ]
  const select = all.map(([name, , value, type]) => `(${value})::${type} AS ${name}`).reverse()
  const kinds = all.map(([name, kind]) => ({ name, kind }))
  const files = [await file(`SELECT ${select.join(', ')}`)]
  for (const id of ['1', '2'])
    await put(w, loadOf({ id, columns: kinds, files, rows: 1, mode: 'append' }))
  const same = all.map(
    ([name, , value, type]) => `${name} = ${value} AND typeof(${name}) = '${type}'`,
  )
  assert.equal((await w.query(`FROM sales WHERE ${same.join(' AND ')}`)).length, 2)
  await w.close()
})

test('options that make no sense, and files that cannot be opened', async () => {
  const bad = (uri: string, name: string, o: object) => () =>
    table(uri, name, o as { mode: 'replace' })
  assert.throws(bad('duckdb:', 't', { mode: 'replace' }), fault('pipeline', /is not known/))
  assert.throws(
    bad('redshift://me:secret@h/d', 't', { mode: 'replace' }),
    fault('pipeline', /redshift:\/\/\*\*\*@h\/d/),
  )
  assert.throws(bad('duckdb:x', '', { mode: 'replace' }), fault('pipeline', /needs a name/))
  assert.throws(
    bad('duckdb:x', 't', { mode: 'upsert' }),
    fault('pipeline', /"upsert" is not known[\s\S]*have {2}replace append/),
  )
  assert.throws(
    bad('duckdb:x', 't', { mode: 'append', partition: { by: 'a', unit: 'week' } }),
    fault('pipeline', /"week"/),
  )
  assert.throws(
    bad('duckdb:x', 't', { mode: 'merge', key: [] }),
    fault('pipeline', /needs key and latest/),
  )
  const garbage = join(folder, 'garbage.duckdb')
  writeFileSync(garbage, 'no database '.repeat(2000))
  const at = (path: string) => new DuckDbWarehouse(`duckdb:${path}`, limits(folder)).check()
  await assert.rejects(at(garbage), fault('resource', /garbage\.duckdb is no DuckDB file/))
  await assert.rejects(at(folder), fault('resource', /cannot be opened/))
  const within = table(`duckdb:${garbage}/deeper/x.duckdb`, 't', { mode: 'replace' })
  await assert.rejects(within.connect(limits(folder)), fault('resource', /cannot be made/))
})

test('a file that cannot be written is refused by check', {
  skip: process.getuid?.() === 0,
}, async () => {
  const path = join(folder, 'read-only.duckdb')
  await (await warehouseAt(path, folder)).close()
  chmodSync(path, 0o444)
  await assert.rejects(warehouseAt(path, folder), fault('resource', /cannot be opened/))
})
