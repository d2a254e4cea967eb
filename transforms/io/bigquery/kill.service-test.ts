/** Kill -9 at any moment of staging and publishing: after a plain rerun every table is right, nothing is left. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bigqueryFor, stagedObjects } from '../../../test/bigquery.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { openApi } from './api.ts'
import { COLUMNS } from './testing/child.ts'
import { dataset, loadOf } from './testing/sample.ts'
import { datasetOf } from './uri.ts'

const CHILD = fileURLToPath(new URL('testing/child.ts', import.meta.url))
const KILLS = Number(process.env['MILLRACE_KILLS'] ?? 4)
const day = (n: number): number => n * 86_400_000

/** One append that is a copy job; and three tables in one transaction. */
const sets = async (): Promise<Record<string, TableLoad[]>> => ({
  'an append by copy': [
    await loadOf(COLUMNS, [[[1, 'a', day(1)]], [[2, 'b', day(1)]]], {
      id: 'a',
      table: 'one',
      mode: 'append',
    }),
  ],
  'three tables by transaction': [
    await loadOf(COLUMNS, [[[1, 'a', day(1)]], [[2, 'b', day(1)]]], {
      id: 'a',
      table: 'one',
      mode: 'append',
    }),
    await loadOf(COLUMNS, [[[3, 'c', day(1)]]], { id: 'r', table: 'two' }),
    await loadOf(
      COLUMNS,
      [
        [
          [4, 'd', day(1)],
          [4, 'e', day(1)],
        ],
      ],
      { id: 'm', table: 'three', mode: 'merge', key: ['id'], latest: 'seen' },
    ),
  ],
})
const RIGHT: Readonly<Record<string, string>> = { one: '1a 2b', two: '3c', three: '4e' }

/** How long it ran, from when it had checked; `after`: kills it so many milliseconds later. */
async function run(uri: string, loads: readonly TableLoad[], after?: number): Promise<number> {
  const args = [
    '--conditions=millrace-source',
    CHILD,
    'run',
    uri,
    JSON.stringify(loads.map(load => ({ ...load, columns: [] }))),
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>(resolve => child.on('exit', resolve))
  await new Promise(resolve => child.stdout.once('data', resolve))
  const started = performance.now()
  if (after !== undefined) {
    await Promise.race([sleep(after), ended])
    child.kill('SIGKILL')
    await ended
  } else assert.equal(await ended, 0)
  return performance.now() - started
}

for (const name of ['an append by copy', 'three tables by transaction'])
  test(`kill -9: ${name}`, { timeout: 900_000 }, async context => {
    if (!(await bigqueryFor(context))) return
    const loads = (await sets())[name] as TableLoad[]
    const took = await run((await dataset()).uri, loads)
    for (let i = 0; i < KILLS; i++) {
      const { uri, open } = await dataset()
      const after = (took * (i + 0.5)) / KILLS
      await run(uri, loads, after)
      await run(uri, loads)
      const w = open()
      for (const { table } of loads) {
        const rows = await w.query(`SELECT id, v FROM ${table} ORDER BY id, v`)
        const got = rows.map(r => `${r['id']}${r['v']}`).join(' ')
        assert.equal(got, RIGHT[table], `${table}, killed after ${after.toFixed(0)} ms`)
      }
      await w.close()
      await nothingLeft(uri)
    }
  })

async function nothingLeft(uri: string): Promise<void> {
  const api = await openApi('test')
  const path = `/datasets/${datasetOf(uri).dataset}/tables`
  const { tables = [] } = await api.ask<{ tables?: { id: string }[] }>({ path })
  assert.deepEqual(
    tables.filter(table => table.id.includes('millrace_staging')),
    [],
  )
  assert.deepEqual(await stagedObjects(), [])
}
