/** Loads of the DuckDB warehouse, the harder cases: order, nulls, time zones, the ledger, previews. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Field, t } from '../../../engine/data/schema.ts'
import type { TableOptions } from '../../../engine/io/sink.ts'
import { loadOf, put, shard, warehouseAt } from './sample.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-loads-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let made = 0
const open = () => warehouseAt(join(folder, `${made++}.duckdb`), folder)
const file = (query: string) => shard(join(folder, `${made++}.parquet`), query)

const columns: Field[] = [
  { name: 'id', kind: t.int32.nullable },
  { name: 'v', kind: t.utf8 },
  { name: 'at', kind: t.timestamp.nullable },
]
const rowsOf = (...rows: [number | null, string, string | null][]) =>
  rows.map(
    ([id, v, at]) =>
      `SELECT ${id}::INTEGER AS id, '${v}' AS v, (${at === null ? 'NULL' : `TIMESTAMP '${at}'`}::TIMESTAMP AT TIME ZONE 'UTC') AS "at"`,
  )
async function load(
  id: string,
  shards: [number | null, string, string | null][][],
  o: Partial<TableOptions> = {},
) {
  const files = await Promise.all(shards.map(s => file(rowsOf(...s).join(' UNION ALL '))))
  return loadOf({ id, columns, files, rows: shards.flat().length, ...o })
}
const merge = { mode: 'merge', key: ['id'], latest: 'at' } as const

test('merge: of equal latest the later shard and row wins, null is the oldest, null keys are one', async () => {
  const w = await open()
  const day = '2020-01-01'
  await put(
    w,
    await load(
      '1',
      [
        [
          [1, 'a', day],
          [2, 'c', null],
          [null, 'n', day],
        ],
        [
          [1, 'b', day],
          [1, 'd', null],
        ],
      ],
      merge,
    ),
  )
  const all = 'SELECT id, v FROM sales ORDER BY id NULLS LAST'
  const seen = async () => (await w.query(all)).map(r => `${r['id']}${r['v']}`).join(' ')
  assert.equal(await seen(), '1b 2c nulln')
  await put(
    w,
    await load(
      '2',
      [
        [
          [1, 'x', null],
          [2, 'y', null],
          [null, 'm', '2020-01-02'],
        ],
      ],
      merge,
    ),
  )
  assert.equal(await seen(), '1b 2y nullm')
  await w.close()
})

test('merge keeps the shards’ order over many row groups and threads', async () => {
  const w = await open()
  const rows = 300_000
  const query = (tag: string) =>
    `SELECT (range % 1000)::INTEGER AS id, '${tag}' || range AS v, TIMESTAMPTZ '2020-01-01 00:00:00+00' AS "at" FROM range(${rows})`
  const files = [await file(query('a')), await file(query('b'))]
  await put(w, loadOf({ id: 'o', columns, files, rows: 2 * rows, ...merge }))
  const wrong = await w.query(`SELECT * FROM sales WHERE v <> 'b' || (${rows - 1000} + id)`)
  assert.deepEqual(wrong, [])
  await w.close()
})

test('replacePartition: null is a partition, and days begin in UTC wherever the machine stands', async () => {
  const zone = process.env['TZ']
  process.env['TZ'] = 'America/New_York'
  const w = await open()
  const o = { mode: 'replacePartition', partition: { by: 'at', unit: 'day' } } as const
  await put(
    w,
    await load(
      '1',
      [
        [
          [1, 'keep', '2020-01-01 23:30:00'],
          [2, 'go', '2020-01-02 01:00:00'],
          [3, 'go', null],
        ],
      ],
      o,
    ),
  )
  const next = await load(
    '2',
    [
      [
        [4, 'new', '2020-01-02 12:00:00'],
        [5, 'null', null],
      ],
    ],
    o,
  )
  await put(w, next)
  await put(w, next)
  assert.deepEqual(await w.query('SELECT id, v FROM sales ORDER BY id'), [
    { id: 1, v: 'keep' },
    { id: 4, v: 'new' },
    { id: 5, v: 'null' },
  ])
  await w.close()
  if (zone === undefined) delete process.env['TZ']
  else process.env['TZ'] = zone
})

test('replacePartition by ranges: the ranges that come, those outside, and null each at a time', async () => {
  const w = await open()
  const range = { start: 0, end: 20, step: 10 }
  const o = { mode: 'replacePartition', partition: { by: 'id', range } } as const
  const rows = (...of: [number, string][]): [number, string, null][] =>
    of.map(([id, v]) => [id, v, null])
  await put(w, await load('1', [rows([1, 'a'], [11, 'b'], [25, 'c'], [-3, 'd'])], o))
  await put(w, await load('2', [rows([19, 'e'])], o))
  const ids = async () => (await w.query('SELECT id FROM sales ORDER BY id')).map(r => r['id'])
  assert.deepEqual(await ids(), [-3, 1, 19, 25])
  await put(w, await load('3', [rows([99, 'f'])], o))
  assert.deepEqual(await ids(), [1, 19, 99])
  await w.close()
})

test('an append is adopted while its table has it, and done again once it was dropped or replaced', async () => {
  const w = await open()
  const more = await load('a', [[[1, 'a', null]]], { mode: 'append' })
  const count = async () => (await w.query('SELECT count(*) AS n FROM sales'))[0]?.['n']
  const adopted = async () => (await put(w, more)).map(r => r.adopted)
  assert.deepEqual(await adopted(), [false])
  assert.deepEqual(await adopted(), [true])
  assert.equal(await count(), 1n)
  await w.query('DROP TABLE sales')
  assert.deepEqual(await adopted(), [false])
  await put(
    w,
    await load('r', [
      [
        [2, 'b', null],
        [3, 'c', null],
      ],
    ]),
  )
  assert.deepEqual(await adopted(), [false])
  assert.equal(await count(), 3n)
  await w.close()
})

test('a preview is the table as it will stand, and changes nothing', async () => {
  const w = await open()
  await put(
    w,
    await load(
      '1',
      [
        [
          [1, 'a', '2020-01-01'],
          [2, 'b', '2020-01-01'],
        ],
      ],
      merge,
    ),
  )
  const next = await load(
    '2',
    [
      [
        [2, 'c', '2020-01-02'],
        [3, 'd', '2020-01-02'],
      ],
    ],
    merge,
  )
  await w.stage(next)
  const path = join(folder, "it's [a] preview*.parquet")
  assert.equal(await w.preview([next], 'sales', path), 3)
  assert.equal((await w.query("SELECT 1 FROM sales WHERE v IN ('c', 'd')")).length, 0)
  const back = loadOf({ id: 'b', table: 'back', columns, files: [path], rows: 3 })
  await put(w, back, next)
  const both = "SELECT string_agg(v, '' ORDER BY id) AS v FROM"
  assert.deepEqual(await w.query(`${both} back`), [{ v: 'acd' }])
  assert.deepEqual(await w.query(`${both} sales`), [{ v: 'acd' }])
  await w.close()
})

test('a shard’s path is no pattern', async () => {
  const w = await open()
  const odd = join(folder, "a[1]{x,y}'?")
  mkdirSync(odd)
  mkdirSync(join(folder, 'a1'))
  const right = await shard(join(odd, 'p*.parquet'), rowsOf([1, 'right', null]).join())
  await shard(join(odd, 'pq.parquet'), rowsOf([1, 'wrong', null]).join())
  await put(w, loadOf({ id: 'p', columns, files: [right], rows: 1 }))
  assert.deepEqual(await w.query('SELECT v FROM sales'), [{ v: 'right' }])
  await w.close()
})

test('no shards: an empty table, and replaced by it', async () => {
  const w = await open()
  await put(w, await load('1', [[[1, 'a', null]]]))
  await put(w, loadOf({ id: '2', columns, files: [], rows: 0 }))
  assert.deepEqual(await w.query('SELECT * FROM sales'), [])
  await w.close()
})
