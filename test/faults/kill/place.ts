/**
 * One run's place: its outputs, its warehouse and its scratch folder, and what a reader finds there.
 * Warehouses are looked at in a copy: opening one replays its log, which is the run's to do.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

export const OUTPUTS = ['sold', 'totals', 'customers', 'rejects'] as const
const TABLES = ['customers', 'totals'] as const

export interface Place {
  readonly folder: string
  readonly output: string
  readonly scratch: string
  readonly warehouse: string
}

/** An empty place, but for a warehouse that is copied from `from`. */
export function placeAt(folder: string, from: string | null): Place {
  rmSync(folder, { recursive: true, force: true })
  const [output, scratch, data] = ['out', 'scratch', 'data'].map(name => join(folder, name))
  for (const path of [output, scratch, data]) mkdirSync(path as string, { recursive: true })
  const warehouse = join(data as string, 'w.duckdb')
  if (from !== null) copyFileSync(from, warehouse)
  return { folder, output: output as string, scratch: scratch as string, warehouse }
}

/** Hash by name of the files that a reader of an output finds: whatever ends as its files do. */
export function visible({ output }: Place, name: (typeof OUTPUTS)[number]): Map<string, string> {
  const cwd = join(output, name)
  const hash = (path: string) =>
    createHash('sha256')
      .update(readFileSync(join(cwd, path)))
      .digest('hex')
  const names = globSync('**/*.{parquet,ndjson}', { cwd }).sort()
  return new Map(names.map(path => [path, hash(path)]))
}

/** The rows of each table as one hash. */
export async function tables(place: Place): Promise<string> {
  const copy = join(place.folder, 'looked-at.duckdb')
  for (const end of ['', '.wal'])
    if (existsSync(place.warehouse + end)) copyFileSync(place.warehouse + end, copy + end)
  const instance = await DuckDBInstance.create(copy)
  const connection = await instance.connect()
  const hashes: unknown[] = []
  for (const table of TABLES) {
    const query = `SELECT count(*)::INTEGER, md5(string_agg(r::VARCHAR, '|' ORDER BY r::VARCHAR)) FROM ${table} r`
    hashes.push(...(await connection.runAndReadAll(query)).getRows())
  }
  connection.closeSync()
  instance.closeSync()
  for (const end of ['', '.wal']) rmSync(copy + end, { force: true })
  return JSON.stringify(hashes)
}

/** What a whole run leaves. */
export interface Whole {
  readonly files: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly before: string
  readonly after: string
}

export interface Seen {
  /** How many outputs are there, each of them whole. */
  readonly outputs: number
  readonly published: boolean
}

/** What a reader sees after a kill. Throws where an output or a table is there by half. */
export async function seenAt(place: Place, whole: Whole): Promise<Seen> {
  let outputs = 0
  for (const name of OUTPUTS) {
    const files = visible(place, name)
    if (files.size === 0) continue
    assert.deepEqual(files, whole.files.get(name), `${name} is there by half`)
    outputs++
  }
  const now = await tables(place)
  assert.ok(now === whole.before || now === whole.after, `the tables are there by half: ${now}`)
  return { outputs, published: now === whole.after }
}
