/**
 * Kill -9 at any moment, and a rerun gives the same tables. Children load two tables of one publish,
 * again and again; each is killed at another moment, and what it left must be whole: both tables as
 * before or both as after. Also: the file's one instance, shared inside a process and held from others.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { type Field, t } from '../../../engine/data/schema.ts'
import type { TableOptions } from '../../../engine/io/sink.ts'
import { loadOf, put, shard, warehouseAt } from './sample.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-crash-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const ROWS = 20_000
/** From `staged` on: a publish takes some 100 ms. */
const DELAYS_MS = [0, 25, 70, 140]
const columns: Field[] = [
  { name: 'id', kind: t.int32 },
  { name: 'at', kind: t.int32 },
  { name: 'text', kind: t.utf8 },
  { name: 'day', kind: t.date },
]

/** Says `staged` and `published` as it goes; loads are done in turn, each as one publish. */
const CHILD = `
const { put, warehouseAt } = await import(${JSON.stringify(new URL('./sample.ts', import.meta.url).href)})
const [path, folder, loads] = JSON.parse(process.argv[1])
const warehouse = await warehouseAt(path, folder)
for (;;) {
  for (const load of loads) await warehouse.stage(load)
  console.log('staged')
  await warehouse.publish(loads)
  console.log('published')
}`

/** A kind knows its nullable twin, and that one knows it. */
const flat = (key: string, value: unknown) =>
  key === 'nullable' || key === 'required' ? undefined : value

function child(path: string, loads: unknown[]) {
  const args = ['--input-type=module', '-e', CHILD, JSON.stringify([path, folder, loads], flat)]
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function loadsOf(id: string, o: Partial<TableOptions>) {
  const query = `SELECT range::INTEGER AS id, ${id}::INTEGER AS "at", md5('${id}-' || range) AS text, DATE '2026-01-01' AS day FROM range(${ROWS})`
  const files = [await shard(join(folder, `${o.mode}-${id}.parquet`), query)]
  const load = (table: string) =>
    loadOf({ id: `${id.padStart(3, '0')}${table}`, table, columns, files, rows: ROWS, ...o })
  return [load('left'), load('right')]
}

const modes: [Partial<TableOptions>, (published: number) => number][] = [
  [{ mode: 'append' }, published => published * ROWS],
  [{ mode: 'merge', key: ['id'], latest: 'at' }, () => ROWS],
  [{ mode: 'replace' }, () => ROWS],
  [{ mode: 'replacePartition', partition: { by: 'day', unit: 'day' } }, () => ROWS],
]
for (const [options, expected] of modes)
  test(`kill -9 while ${options.mode} loads and publishes: no half table, no duplicate`, async () => {
    const path = join(folder, `${options.mode}.duckdb`)
    for (let round = 1; round <= DELAYS_MS.length; round++) {
      const loads = await loadsOf(String(round), options)
      const holder = child(path, loads)
      const ended = once(holder, 'exit')
      await once(holder.stdout, 'data')
      await wait(DELAYS_MS[round - 1])
      holder.kill('SIGKILL')
      await ended
      const w = await warehouseAt(path, folder)
      const sides = await w.query(
        "SELECT table_name AS t FROM duckdb_tables() WHERE schema_name = 'main' ORDER BY t",
      )
      assert.ok(sides.length === 0 || sides.length === 2, 'both tables or none')
      await put(w, ...loads)
      const state = 'SELECT count(*) AS n, max("at") AS newest, count(DISTINCT text) AS texts FROM'
      const [left] = await w.query(`${state} "left"`)
      const [right] = await w.query(`${state} "right"`)
      const rows = BigInt(expected(round))
      assert.deepEqual(left, { n: rows, newest: round, texts: rows })
      assert.deepEqual(right, left)
      const extra = await w.query(
        "FROM duckdb_tables() WHERE schema_name = 'millrace_staging' AND table_name <> 'loads'",
      )
      assert.deepEqual(extra, [], 'no staging table is left')
      await w.close()
    }
  })

test('two warehouses of one process share the file; another process waits for the last close', async () => {
  const path = join(folder, 'shared.duckdb')
  const one = await warehouseAt(path, folder)
  const two = await warehouseAt(
    join(folder, '..', folder.split('/').at(-1) as string, 'shared.duckdb'),
    folder,
  )
  const [a, b] = (await loadsOf('1', { mode: 'append' })) as [
    ReturnType<typeof loadOf>,
    ReturnType<typeof loadOf>,
  ]
  await Promise.all([one.stage(a), two.stage({ ...b, table: 'left' })])
  await one.publish([a])
  await two.publish([{ ...b, table: 'left' }])
  assert.deepEqual(await one.query('SELECT count(*) AS n FROM "left"'), [{ n: BigInt(2 * ROWS) }])
  await one.close()
  const held = async () => {
    const holder = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `
      const { warehouseAt } = await import(${JSON.stringify(new URL('./sample.ts', import.meta.url).href)})
      await warehouseAt(...JSON.parse(process.argv[1])).then(() => console.log('open'), error => console.log(error.render()))`,
        JSON.stringify([path, folder]),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    return String(await once(holder.stdout, 'data'))
  }
  assert.match(
    await held(),
    new RegExp(`^resource: .* held by another process \\(pid ${process.pid}\\)`),
  )
  await two.close()
  assert.equal(await held(), 'open\n')
})
