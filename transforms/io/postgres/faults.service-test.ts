/** What networks do, drawn from seeds: the same rows are read and the same tables loaded, and nothing is left behind. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
import { faultProxy } from '../../../test/services/fault-proxy/proxy.ts'
import { needs, serverOf } from '../../../test/services/services.ts'
import { databaseOf, readTable } from '../../../test/postgres/database.ts'
import { loadOf } from '../../../test/postgres/loads.ts'
import { openWarehouse } from './warehouse.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-postgres-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const limits = { memoryBytes: 256e6, threads: 2, tempDirectory: join(folder, 'temp') }
const SEEDS = Number(process.env['MILLRACE_SEEDS'] ?? 12)
const first = Number(process.env['MILLRACE_SEED'] ?? 1)
const seeds = Array.from({ length: SEEDS }, (_, i) => first + i)
const settings = { rate: 0.15, faultsMax: 4, stallMs: 300, slowMs: 50 }
const S = schema({ id: t.int64, s: t.utf8.nullable })

/** The proxy of a seed, and the database's URI through it. */
async function through(uri: string, seed: number, rate = settings.rate) {
  const proxy = await faultProxy(await serverOf('postgres'), { ...settings, rate, seed })
  const url = new URL(uri)
  url.port = String(proxy.port)
  return { proxy, uri: String(url) }
}

/** As the engine does with a task: a resource fault is tried again. */
async function persistent<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if ((error as Fault).kind !== 'resource' || attempt >= 6) throw error
    }
  }
}

test('reading through a network that breaks gives each row once', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run(
    "CREATE TABLE big AS SELECT i::int8 AS id, 'text ' || i AS s FROM generate_series(1, 30000) i; ANALYZE big",
  )
  let injected = 0
  for (const seed of seeds) {
    const { proxy, uri: far } = await through(uri, seed)
    try {
      const { rows } = await persistent(() =>
        readTable(far, 'big', S, { request: { splitBytes: 400_000 } }),
      )
      assert.equal(rows.length, 30_000, `${proxy.schedule}`)
      assert.equal(new Set(rows.map(r => r['id'])).size, 30_000)
      injected += /, (\d+) faults/.exec(`${proxy.schedule}`)?.[1] === '0' ? 0 : 1
    } finally {
      await proxy.stop()
    }
  }
  assert.ok(injected > seeds.length / 3, `${injected} seeds had faults`)
  assert.deepEqual(await left(run), [])
})

test('loading through a network that breaks gives each row once, and leaves nothing', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  const columns = [
    { name: 'id', kind: t.int32 },
    { name: 'v', kind: t.utf8 },
    { name: 'at', kind: t.date },
  ]
  const rowsOf = (from: number) =>
    Array.from({ length: 2000 }, (_, i) => ({ id: from + i, v: `v${from + i}`, at: 0 }))
  for (const seed of seeds) {
    const { proxy, uri: far } = await through(uri, seed, 0.08)
    const warehouse = openWarehouse(far, limits)
    const shards = [rowsOf(0), rowsOf(2000), rowsOf(4000)]
    const [merge, append] = [
      await loadOf(folder, {
        id: `m${seed}x`,
        table: `m${seed}`,
        columns,
        shards,
        mode: 'merge',
        key: ['id'],
        latest: 'at',
      }),
      await loadOf(folder, { id: `a${seed}x`, table: `a${seed}`, columns, shards, mode: 'append' }),
    ]
    try {
      await warehouse.check()
      for (const load of [merge, append]) await warehouse.stage(load)
      await warehouse.publish([merge, append])
    } catch (error) {
      throw new Error(`${error}\n${proxy.schedule}`, { cause: error })
    } finally {
      await warehouse.close()
      await proxy.stop()
    }
    for (const table of [merge.table, append.table])
      assert.deepEqual(
        await run(`SELECT count(*)::int AS n, count(DISTINCT id)::int AS d FROM ${table}`),
        [{ n: 6000, d: 6000 }],
        `${proxy.schedule}`,
      )
  }
  assert.deepEqual(await left(run), [])
})

/** Staging tables and connections that stayed; the server may need a moment to see that a connection is gone. */
async function left(run: (sql: string) => Promise<Record<string, unknown>[]>) {
  for (let tries = 0; ; tries++) {
    const found =
      await run(`SELECT relname AS what FROM pg_class WHERE relnamespace = to_regnamespace('millrace_staging') AND relkind = 'r' AND relname <> 'loads'
      UNION ALL SELECT 'connection: ' || query FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'millrace'`)
    if (found.length === 0 || tries === 20) return found
    await new Promise(r => setTimeout(r, 250))
  }
}
