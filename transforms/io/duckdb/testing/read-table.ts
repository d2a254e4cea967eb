/** For the tests of tables as sources: files made by DuckDB's own SQL, and all rows of a table as lambdas see them. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { AnySchema } from '../../../../engine/data/schema.ts'
import { readValue } from '../../../../engine/data/value.ts'
import type { PlanRequest, Reject } from '../../../../engine/io/source.ts'
import { table } from '../../table/index.ts'
import type { TableSourceOptions } from '../../table/source.ts'
import { warehouseAt } from '../sample.ts'

export const folder = mkdtempSync(join(tmpdir(), 'millrace-duckdb-source-'))
after(() => rmSync(folder, { recursive: true, force: true }))

export const room = { folder, memoryBytes: 64e6, threads: 2 }
export const request: PlanRequest = { splitBytes: 1e9, room }

/** Runs statements on a file, made where there is none, and leaves it closed; answers its URI. */
export async function fileOf(name: string, ...statements: string[]): Promise<string> {
  const path = join(folder, name)
  const w = await warehouseAt(path, folder)
  try {
    for (const statement of statements) await w.query(statement)
  } finally {
    await w.close()
  }
  return `duckdb:${path}`
}

export async function query(uri: string, sql: string): Promise<Record<string, unknown>[]> {
  const w = await warehouseAt(uri.slice('duckdb:'.length), folder)
  try {
    return await w.query(sql)
  } finally {
    await w.close()
  }
}

export const sourceOf = (uri: string, name: string, schema: AnySchema, o: object = {}) =>
  // biome-ignore lint/suspicious/noExplicitAny: options of whatever schema
  table(uri, name, schema, o as TableSourceOptions<any>)

/** In the order of the splits; what the source holds is released. */
export async function readTable(
  source: ReturnType<typeof sourceOf>,
  o: Partial<PlanRequest> = {},
): Promise<{
  rows: unknown[][]
  rejects: Reject[]
  plan: Awaited<ReturnType<typeof source.plan>>
}> {
  const rejects: Reject[] = []
  const rows: unknown[][] = []
  const plan = await source.plan({ ...request, ...o })
  for (const split of plan.splits) {
    const wanted = source.schema.list.map(() => true)
    const reject = (it: Reject) => void rejects.push(it)
    const reader = await source.open(split, { wanted, rowsPerBatch: 1000, reject, advance() {} })
    for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
      const { selection, selected, columns } = batch
      assert.equal(batch.origin?.uri, source.uri)
      for (let k = 0; k < selected; k++)
        rows.push(columns.map(c => c && readValue(c, selection?.[k] ?? k)))
    }
    await reader.close()
  }
  await source.release?.()
  return { rows, rejects, plan }
}
