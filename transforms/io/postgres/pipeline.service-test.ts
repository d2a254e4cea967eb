/** Whole runs: tables of a database read in one snapshot, merged into others, with rejects, conditions and parts. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import type { Split } from '../../../engine/io/source.ts'
import { runPipeline } from '../../../engine/run/run.ts'
import { needs } from '../../../test/services/services.ts'
import { table } from '../table/index.ts'
import { databaseOf } from '../../../test/postgres/database.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-postgres-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const module = join(import.meta.dirname, '../../../test/postgres/pipeline.ts')

test('a run over threads reads tables, and merges what it makes of them', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  const rows = 150_000
  await run(
    `CREATE TABLE customers AS SELECT i AS id, 'c' || i AS name, CASE i % 3 WHEN 0 THEN 'France' WHEN 1 THEN 'Spain' END AS country FROM generate_series(1, 1000) i`,
  )
  await run('ALTER TABLE customers ADD PRIMARY KEY (id)')
  await run(`CREATE TABLE orders AS SELECT i::int8 AS id, 1 + i % 1000 AS customer, (i % 100)::numeric(10,2) + 0.25 AS amount,
    timestamptz '2024-01-01Z' + i * interval '1 minute' AS at FROM generate_series(1, ${rows}) i`)
  await run('ALTER TABLE orders ADD PRIMARY KEY (id); ANALYZE orders')
  await run("UPDATE orders SET amount = 'NaN' WHERE id = 77")
  const go = () =>
    runPipeline({
      pipeline: module,
      params: { uri, output: folder },
      workers: 2,
      memoryBytes: 256e6,
      splitBytes: 2e6,
      maxRejects: 0.5,
      overwrite: true,
    })
  const report = await go()
  assert.equal(report.status, 'done', `${report.error?.message}`)
  const [sum] = await run(
    `SELECT count(*)::int AS countries, sum(orders)::int AS orders, sum(revenue)::text AS revenue FROM revenue`,
  )
  const [expected] =
    await run(`SELECT count(DISTINCT c.country)::int AS countries, count(*)::int AS orders, sum(o.amount)::text AS revenue
    FROM orders o JOIN customers c ON c.id = o.customer WHERE o.amount <> 'NaN' AND o.amount > 50 AND c.country IS NOT NULL`)
  assert.deepEqual(sum, expected)
  const rejects = readFileSync(join(folder, 'rejects', 'part-00000.ndjson'), 'utf8')
  assert.match(rejects, /"amount"[\s\S]*id[\s\S]*77/)
  assert.deepEqual(await idle(run), [])
  const again = await go()
  assert.equal(again.status, 'done', `${again.error?.message}`)
  assert.deepEqual(
    (
      await run(
        `SELECT count(*)::int AS countries, sum(orders)::int AS orders, sum(revenue)::text AS revenue FROM revenue`,
      )
    )[0],
    expected,
  )
})

test('tables of a run are read in one state of the database', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run('CREATE TABLE a AS SELECT 1 AS id; CREATE TABLE b AS SELECT 1 AS id')
  const S = schema({ id: t.int32.nullable })
  const scope = {}
  const [a, b] = [table(uri, 'a', S), table(uri, 'b', S)]
  const first = await a.plan({ splitBytes: 1e6, scope })
  await run('INSERT INTO a VALUES (2); INSERT INTO b VALUES (2)')
  const second = await b.plan({ splitBytes: 1e6, scope })
  assert.equal(second.inputs[0]?.version, first.inputs[0]?.version)
  assert.equal((await idle(run)).length, 1)
  await a.release?.()
  const reader = await b.open(second.splits[0] as Split, {
    wanted: [true],
    rowsPerBatch: 10,
    reject: () => {},
    advance: () => {},
  })
  assert.equal((await reader.next())?.rows, 1)
  await reader.close()
  await b.release?.()
  assert.deepEqual(await idle(run), [])
  const later = await b.plan({ splitBytes: 1e6, scope })
  assert.notEqual(later.inputs[0]?.version, first.inputs[0]?.version)
  await b.release?.()
})

test('a run that fails lets go of its snapshot', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run('CREATE TABLE customers (id int PRIMARY KEY, name text, country text)')
  await run(
    'CREATE TABLE orders (id int8 PRIMARY KEY, customer text, amount numeric, at timestamptz)',
  )
  const report = await runPipeline({
    pipeline: module,
    params: { uri, output: folder },
    workers: 1,
  })
  assert.equal(report.status, 'failed')
  assert.match(report.error?.message ?? '', /table public\.orders has other columns/)
  assert.deepEqual(await idle(run), [])
})

const idle = async (run: (sql: string) => Promise<Record<string, unknown>[]>) => {
  await new Promise(r => setTimeout(r, 300))
  return run(
    "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'millrace'",
  )
}
