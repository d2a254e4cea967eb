/** The DuckDB warehouse: modes, idempotence, audits, atomic publication, a held file, odd names. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Field, t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
import type { TableOptions } from '../../../engine/io/sink.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { defaults, limits, loadOf as sampleLoad, put, shard, warehouseAt } from './sample.ts'
import { DuckDbWarehouse } from './warehouse.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-duckdb-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const columns: Field[] = [
  { name: 'id', kind: t.int32 },
  { name: 'v', kind: t.utf8.nullable },
  { name: 'at', kind: t.date },
  { name: 'gone', kind: t.bool },
]
type Row = [number, string | null, string, boolean?]
let files = 0

async function loadOf(
  rows: readonly Row[],
  o: Partial<TableOptions> & { id: string; table?: string },
): Promise<TableLoad> {
  const values = rows.map(
    ([id, v, at, gone = false]) =>
      `(${id}, ${v === null ? 'NULL' : `'${v}'`}, DATE '${at}', ${gone})`,
  )
  const query = `SELECT gone, "at", v::VARCHAR AS v, id::INTEGER AS id FROM (VALUES ${values.join(', ')}) AS x(id, v, "at", gone)`
  const path = await shard(join(folder, `shard-${files++}.parquet`), query)
  return sampleLoad({ ...o, columns, files: [path], rows: rows.length })
}

const warehouse = (name: string) => warehouseAt(join(folder, name), folder)

const ids = async (w: DuckDbWarehouse, table = 'sales') =>
  (await w.query(`SELECT id, v FROM "${table}" ORDER BY id, v`))
    .map(r => `${r['id']}${r['v'] ?? '-'}`)
    .join(' ')

test('replace, then append, which is done once however often it is published', async () => {
  const w = await warehouse('modes.duckdb')
  await put(
    w,
    await loadOf(
      [
        [1, 'a', '2020-01-01'],
        [2, null, '2020-01-02'],
      ],
      { id: 'r1' },
    ),
  )
  assert.equal(await ids(w), '1a 2-')
  const more = await loadOf([[3, 'c', '2020-01-03']], { id: 'a1', mode: 'append' })
  await put(w, more)
  await put(w, more)
  assert.equal(await ids(w), '1a 2- 3c')
  await put(w, await loadOf([[9, 'z', '2020-01-01']], { id: 'r2' }))
  await put(w, await loadOf([[1, 'a', '2020-01-01']], { id: 'r1' }))
  assert.equal(await ids(w), '1a')
  await w.close()
})

test('replacePartition replaces the days that it brings, and no others', async () => {
  const w = await warehouse('partition.duckdb')
  const o = { mode: 'replacePartition', partition: { by: 'at', unit: 'month' } } as const
  await put(
    w,
    await loadOf(
      [
        [1, 'a', '2020-01-01'],
        [2, 'b', '2020-02-01'],
      ],
      { id: 'p1', ...o },
    ),
  )
  const second = await loadOf([[3, 'c', '2020-02-20']], { id: 'p2', ...o })
  await put(w, second)
  await put(w, second)
  assert.equal(await ids(w), '1a 3c')
  await w.close()
})

test('merge keeps the latest of each key, honours deletes, and repeats to the same table', async () => {
  const w = await warehouse('merge.duckdb')
  const o = { mode: 'merge', key: ['id'], latest: 'at', deleted: 'gone' } as const
  await put(
    w,
    await loadOf(
      [
        [1, 'old', '2020-01-01'],
        [1, 'new', '2020-01-05'],
        [2, 'b', '2020-01-01'],
        [3, 'c', '2020-01-09'],
      ],
      { id: 'm1', ...o },
    ),
  )
  assert.equal(await ids(w), '1new 2b 3c')
  const second = await loadOf(
    [
      [1, 'late', '2020-01-02'],
      [2, 'b', '2020-01-03', true],
      [3, 'first', '2020-01-09'],
      [3, 'tie', '2020-01-09'],
      [4, 'd', '2020-01-01'],
    ],
    { id: 'm2', ...o },
  )
  await put(w, second)
  assert.equal(await ids(w), '1new 3tie 4d')
  await put(w, second)
  assert.equal(await ids(w), '1new 3tie 4d')
  await w.close()
})

test('a row that comes late stays deleted; a newer one brings its key back', async () => {
  const w = await warehouse('deleted.duckdb')
  const o = { mode: 'merge', key: ['id'], latest: 'at', deleted: 'gone' } as const
  const merge = async (id: string, ...rows: Row[]) => put(w, await loadOf(rows, { id, ...o }))
  await merge('1', [1, 'a', '2020-01-01'], [2, 'b', '2020-01-01'])
  await merge('2', [1, null, '2020-01-05', true], [9, null, '2020-01-05', true])
  assert.equal(await ids(w), '2b')
  await merge('3', [1, 'late', '2020-01-04'], [9, 'late', '2020-01-04'])
  assert.equal(await ids(w), '2b', 'older than the deletion')
  await merge('4', [1, 'older deletion', '2020-01-02', true], [9, 'new', '2020-01-06'])
  await merge('5', [1, 'late', '2020-01-04'])
  assert.equal(await ids(w), '2b 9new', 'the latest deletion counts')
  await merge('6', [1, 'same time', '2020-01-05'])
  assert.equal(await ids(w), '1same time 2b 9new', 'of equal times the later load wins')
  await merge('7', [2, null, '2020-01-09', true])
  await put(w, await loadOf([[1, 'x', '2020-01-01']], { id: '8' }))
  await merge('9', [2, 'back', '2020-01-02'])
  assert.equal(await ids(w), '1x 2back', 'a table that was replaced has forgotten')
  await w.close()
})

test('a failed audit publishes none of the tables and shows the rows', async () => {
  const w = await warehouse('audit.duckdb')
  await put(w, await loadOf([[1, 'a', '2020-01-01']], { id: 'x1' }))
  const good = await loadOf([[5, 'e', '2020-01-01']], { id: 'x2' })
  const bad = await loadOf(
    [
      [7, 'q', '2020-01-01'],
      [7, 'r', '2020-01-01'],
    ],
    { id: 'x3', table: 'other', audit: [{ audit: 'unique', columns: ['id'] }] },
  )
  await assert.rejects(put(w, good, bad), (error: Fault) => {
    assert.match(error.message, /audit "unique id" of table other failed for 1 row/)
    assert.match(error.detail.join('\n'), /"id":7/)
    return error.kind === 'data'
  })
  assert.equal(await ids(w), '1a')
  assert.equal(
    (await w.query(`SELECT 1 FROM duckdb_tables() WHERE table_name = 'other'`)).length,
    0,
  )
  assert.equal(
    (
      await w.query(
        `SELECT 1 FROM duckdb_tables() WHERE schema_name = 'millrace_staging' AND table_name LIKE 'other%'`,
      )
    ).length,
    1,
  )
  await w.close()
})

test('every audit finds what it looks for', async () => {
  const w = await warehouse('audits.duckdb')
  await put(w, await loadOf([[1, 'a', '2020-01-01']], { id: 'k', table: 'known' }))
  const rows: Row[] = [
    [1, null, '2020-01-01'],
    [2, 'b', '2020-01-01'],
  ]
  const audits = [
    { audit: 'notNull', columns: ['v'] },
    { audit: 'accepted', column: 'v', values: ['a'] },
    { audit: 'relationship', column: 'id', to: 'known', toColumn: 'id' },
    { audit: 'rowCount', min: 3, max: null },
    'SELECT * FROM sales WHERE id = 2',
  ]
  for (const [i, audit] of audits.entries())
    await assert.rejects(
      put(w, await loadOf(rows, { id: `f${i}`, audit: [audit] })),
      /failed for 1 row/,
    )
  await put(
    w,
    await loadOf(rows, {
      id: 'ok',
      audit: [{ audit: 'rowCount', min: 2, max: 2 }, 'SELECT 1 WHERE false'],
    }),
  )
  assert.equal(await ids(w), '1- 2b')
  await w.close()
})

test('a table with other columns is refused, except by replace', async () => {
  const w = await warehouse('columns.duckdb')
  await w.query('CREATE TABLE sales (id BIGINT, extra VARCHAR)')
  const load = await loadOf([[1, 'a', '2020-01-01']], { id: 'c', mode: 'append' })
  await assert.rejects(put(w, load), (error: Fault) => {
    assert.match(
      error.detail.join('\n'),
      /id: expected INTEGER, the table has BIGINT[\s\S]*extra: in the table only/,
    )
    return true
  })
  await put(w, { ...load, options: defaults })
  assert.equal(await ids(w), '1a')
  await w.close()
})

test('names are names: quotes and SQL in a table name do nothing', async () => {
  const w = await warehouse('names.duckdb')
  const table = 'x"; DROP TABLE sales; --'
  await put(w, await loadOf([[1, 'a', '2020-01-01']], { id: 'n', table, cluster: ['id'] }))
  assert.equal(
    (await w.query(`SELECT 1 FROM duckdb_tables() WHERE table_name = 'x"; DROP TABLE sales; --'`))
      .length,
    1,
  )
  await w.close()
})

test('a file that another process holds is named with its pid, before anything is read', async () => {
  const path = join(folder, 'held.duckdb')
  const code = `const { DuckDBInstance } = await import('@duckdb/node-api'); globalThis.held = await DuckDBInstance.create(${JSON.stringify(path)}); console.log('ready'); setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise(resolve => holder.stdout.once('data', resolve))
  try {
    const w = new DuckDbWarehouse(`duckdb:${path}`, limits(folder))
    await assert.rejects(w.check(), (error: Fault) => {
      assert.equal(error.kind, 'resource')
      assert.match(error.message, new RegExp(`held by another process \\(pid ${holder.pid}\\)`))
      return true
    })
  } finally {
    holder.kill('SIGKILL')
  }
})
