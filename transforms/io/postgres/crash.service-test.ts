/** A run killed at any moment: a plain rerun gives the right table once, and nothing temporary is left. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { databaseOf } from '../../../test/postgres/database.ts'
import { needs } from '../../../test/services/services.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-postgres-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const root = join(import.meta.dirname, '../../..')
const KILLS = Number(process.env['MILLRACE_KILLS'] ?? 2)
/** Share of the time that a whole run takes. */
const moments = Array.from({ length: KILLS }, (_, i) => 0.3 + (0.7 * (i + 0.5)) / KILLS)

/** Runs the pipeline; killed after `killMs`, if it is still at work then. */
function millrace(uri: string, killMs = Number.POSITIVE_INFINITY): Promise<number | null> {
  const pipeline = join(root, 'test/postgres/pipeline.ts')
  const options = [
    '--uri',
    uri,
    '--output',
    join(folder, 'out'),
    '--workers',
    '2',
    '--max-rejects',
    '0.5',
    '--scratch',
    folder,
  ]
  const child = spawn(
    process.execPath,
    ['--conditions=millrace-source', 'cli/main.ts', 'run', pipeline, ...options],
    {
      cwd: root,
      // A group of its own: the engine's process dies with it.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let said = ''
  child.stderr.on('data', chunk => {
    said += chunk
  })
  const timer = Number.isFinite(killMs)
    ? setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), killMs)
    : undefined
  return new Promise((resolve, reject) => {
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (signal === null && code !== 0) reject(new Error(said))
      else resolve(code)
    })
  })
}

test('a rerun after a kill loads the same table, and clears what was left', async c => {
  if (!needs(c, 'postgres')) return
  const { uri, run } = await databaseOf(c)
  await run(
    "CREATE TABLE customers AS SELECT i AS id, CASE i % 3 WHEN 0 THEN 'France' ELSE 'Spain' END AS country FROM generate_series(1, 1000) i",
  )
  await run(`CREATE TABLE orders AS SELECT i::int8 AS id, 1 + i % 1000 AS customer, (i % 100)::numeric(10,2) AS amount,
    timestamptz '2024-01-01Z' + i * interval '1 minute' AS at FROM generate_series(1, 60000) i`)
  const answer = () => run('SELECT country, revenue::text, orders::int FROM revenue ORDER BY 1')
  const started = Date.now()
  assert.equal(await millrace(uri), 0)
  const wholeMs = Date.now() - started
  const expected = await answer()
  assert.equal(expected.length, 2)
  let killed = 0
  for (const moment of moments) {
    await run('DROP TABLE IF EXISTS revenue')
    if ((await millrace(uri, wholeMs * moment)) === null) killed++
    const [seen] = await run("SELECT to_regclass('revenue') IS NOT NULL AS there")
    if (seen?.['there'] === true) assert.deepEqual(await answer(), expected)
    assert.equal(await millrace(uri), 0)
    assert.deepEqual(await answer(), expected, `killed at ${moment}`)
    const left = await run(
      "SELECT relname FROM pg_class WHERE relnamespace = 'millrace_staging'::regnamespace AND relkind = 'r' AND relname <> 'loads'",
    )
    assert.deepEqual(left, [])
  }
  assert.ok(killed >= KILLS / 2, `${killed} of ${KILLS} were killed`)
})
