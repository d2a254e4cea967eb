/** A place for runs of `increments`: its log, outputs, warehouse and ledger, and what must stand there at the end. */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { LedgerState } from '../../../engine/io/ledger.ts'
import { LedgerFolder } from '../../../engine/run/ledger/folder.ts'
import { newestRuns } from '../../../engine/run/ledger/history.ts'
import { moduleOf } from '../command.ts'

const HOUR = 3_600_000
export const START = Date.UTC(2026, 10, 20)
const ROWS_AN_HOUR = 40

export interface Place {
  readonly folder: string
  readonly hours: number
}

/** Ids come again an hour later, so that a merge has something to merge. */
export function placeAt(folder: string, hours: number): Place {
  rmSync(folder, { recursive: true, force: true })
  for (const name of ['out', 'scratch', 'data']) mkdirSync(join(folder, name), { recursive: true })
  const lines = Array.from({ length: hours * ROWS_AN_HOUR }, (_, i) => {
    const hour = Math.floor(i / ROWS_AN_HOUR)
    return `${START + hour * HOUR + (i % ROWS_AN_HOUR) + 1} ${i - hour * (ROWS_AN_HOUR / 2)}\n`
  })
  writeFileSync(join(folder, 'log'), lines.join(''))
  return { folder, hours }
}

const hourText = (hour: number): string => new Date(START + hour * HOUR).toISOString()

/** All intervals, or one of them. */
export function words({ folder, hours }: Place, one: number | null, ...more: string[]): string[] {
  const which =
    one === null ? ['--from', hourText(0), '--to', hourText(hours)] : ['--interval', hourText(one)]
  return [
    ...['run', moduleOf('increments.ts'), '--log', join(folder, 'log')],
    ...['--output', join(folder, 'out'), '--scratch', join(folder, 'scratch')],
    ...['--warehouse', `duckdb:${join(folder, 'data/w.duckdb')}`],
    ...['--ledger', join(folder, 'ledger'), '--workers', '1', '--memory', '64MB', '--json'],
    ...which,
    ...more,
  ]
}

export const ledgerOf = ({ folder }: Place): LedgerFolder =>
  new LedgerFolder(join(folder, 'ledger'))

/** Every row once, the marks at the end, every interval published once, nothing temporary. */
export async function checkWhole(place: Place): Promise<void> {
  const { folder, hours } = place
  const count = hours * ROWS_AN_HOUR
  const [lines, newest] = await tablesOf(place)
  assert.deepEqual(lines, { rows: count, distinct: count }, 'lines')
  const ids = count - (hours - 1) * (ROWS_AN_HOUR / 2)
  assert.deepEqual(newest, { rows: ids, distinct: ids }, 'newest')
  assert.equal(readdirSync(join(folder, 'out')).length, hours, 'outputs, and nothing beside them')
  assert.deepEqual(
    readdirSync(join(folder, 'out')).filter(n => n.startsWith('.')),
    [],
  )
  assert.deepEqual(readdirSync(join(folder, 'scratch')), [], 'scratch is left')
  const values = ledgerOf(place)
  const [state] = await statesOf(values, 'series/')
  const last = START + (hours - 1) * HOUR + ROWS_AN_HOUR
  assert.deepEqual(Object.values(state?.marks ?? {}), [String(last)])
  assert.equal(state?.claim, null, 'the series is claimed')
  const intervals = await statesOf(values, 'intervals/')
  assert.equal(intervals.length, hours)
  const runs = await newestRuns(values, { pipeline: null, limit: 1000 })
  for (const { published, claim } of intervals) {
    assert.equal(claim, null, 'an interval is claimed')
    const run = runs.find(r => r.record.runId === published?.runId)
    assert.equal(run?.status, 'published', `the record of ${published?.runId}`)
  }
  const done = runs.filter(r => r.status === 'published').map(r => r.record.interval?.start)
  assert.equal(new Set(done).size, hours)
  assert.deepEqual(
    runs.filter(r => r.status === 'running' || r.status === 'publishing'),
    [],
  )
}

async function statesOf(values: LedgerFolder, prefix: string): Promise<LedgerState[]> {
  const names = (await Array.fromAsync(values.list(prefix))).flat()
  const kept = await Promise.all(names.map(name => values.get(name)))
  return kept.map(k => JSON.parse(Buffer.from(k?.bytes ?? []).toString()))
}

/** Looked at in a copy: opening one replays its log, which is the run's to do. */
async function tablesOf({ folder }: Place): Promise<{ rows: number; distinct: number }[]> {
  const [file, copy] = [join(folder, 'data/w.duckdb'), join(folder, 'copy.duckdb')]
  for (const end of ['', '.wal']) {
    rmSync(copy + end, { force: true })
    if (existsSync(file + end)) copyFileSync(file + end, copy + end)
  }
  const instance = await DuckDBInstance.create(copy)
  const connection = await instance.connect()
  try {
    const queries = ['lines', 'newest'].map(
      t =>
        `SELECT count(*)::INTEGER, count(DISTINCT (${t === 'lines' ? '"at", id' : 'id'}))::INTEGER FROM ${t}`,
    )
    const found: { rows: number; distinct: number }[] = []
    for (const query of queries) {
      const [[rows, distinct] = []] = (await connection.runAndReadAll(query)).getRows()
      found.push({ rows: rows as number, distinct: distinct as number })
    }
    return found
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
