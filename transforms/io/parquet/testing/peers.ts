/** For tests: the same file as others read it, as cells (see `every-kind.ts`). */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { tableFromIPC } from 'apache-arrow'
import { fromArrow } from '../../../../engine/data/arrow.ts'
import type { Batch } from '../../../../engine/data/batch.ts'
import type { Kind } from '../../../../engine/data/kind.ts'
import type { AnySchema } from '../../../../engine/data/schema.ts'
import type { AnySource } from '../../../../engine/io/source.ts'
import { batchCells } from './every-kind.ts'

export type Cells = (string | null)[][]

/** As deepEqual, but tells the first difference only: a diff of whole tables takes minutes. */
export function same(got: Cells, want: Cells, { list }: AnySchema): void {
  for (let i = 0; i < Math.min(got.length, want.length); i++)
    for (let j = 0; j < list.length; j++)
      assert.equal(got[i]?.[j], want[i]?.[j], `row ${i}, column ${list[j]?.name}`)
  assert.equal(got.length, want.length)
}

export async function duck(...sql: string[]): Promise<Cells> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  let rows: unknown[][] = []
  for (const text of sql) rows = (await connection.runAndReadAll(text)).getRowsJson() as unknown[][]
  connection.closeSync()
  instance.closeSync()
  return rows as Cells
}

/** A column's stored form as text, in DuckDB's SQL. */
export function asStored(name: string, { tag }: Kind): string {
  const c = `"${name}"`
  if (tag === 'timestamp' || tag === 'datetime') return `epoch_us(${c})::VARCHAR`
  if (tag === 'date') return `datediff('day', DATE '1970-01-01', ${c})::VARCHAR`
  if (tag === 'bytes') return `lower(hex(${c}))`
  if (tag === 'bool') return `${c}::INTEGER::VARCHAR`
  if (tag === 'decimal') return `replace(${c}::VARCHAR, '.', '')`
  return `${c}::VARCHAR`
}

export async function duckReads(path: string, { list }: AnySchema): Promise<Cells> {
  const rows = await duck(
    `SELECT ${list.map(f => asStored(f.name, f.kind)).join(', ')} FROM read_parquet('${path}')`,
  )
  return rows.map(row => row.map((v, j) => normal(list[j]?.kind as Kind, v)))
}

/** DuckDB's text of a number as JavaScript's. */
function normal({ tag }: Kind, value: string | null): string | null {
  if (value === null) return null
  if (tag === 'decimal')
    return BigInt(value.replace(/^-0+(?=\d)/, '-').replace(/^0+(?=\d)/, '')).toString()
  if (tag !== 'float32' && tag !== 'float64') return value
  const lower = value.toLowerCase()
  if (lower === 'nan') return 'NaN'
  if (lower === 'inf' || lower === '-inf') return lower === 'inf' ? 'Infinity' : '-Infinity'
  const n = tag === 'float32' ? Math.fround(Number(value)) : Number(value)
  return Object.is(n, -0) ? '-0' : String(n)
}

async function arrowCells(ipc: Uint8Array, schema: AnySchema): Promise<Cells> {
  const table = tableFromIPC(ipc)
  const cells: Cells = []
  for (const batch of table.batches) cells.push(...batchCells(await fromArrow(batch, schema)))
  return cells
}

export async function wasmReads(path: string, schema: AnySchema): Promise<Cells> {
  const { readParquet } = await import('parquet-wasm/node')
  return arrowCells(readParquet(readFileSync(path)).intoIPCStream(), schema)
}

const python = process.env['PYTHON'] ?? 'python3'
/** Where `scripts/pyarrow.mjs` puts it; a pyarrow of Python's own serves as well. */
const home = process.env['PYARROW_HOME'] ?? join(import.meta.dirname, '../../../../.cache/pyarrow')
const PYTHONPATH = [home, process.env['PYTHONPATH']].filter(Boolean).join(delimiter)
const env = { ...process.env, PYTHONPATH }

/** False, or why the tests that want pyarrow are skipped. */
export const noPyarrow: false | string = (() => {
  try {
    execFileSync(python, ['-c', 'import pyarrow.parquet'], { env, stdio: 'ignore' })
    return false
  } catch {
    return 'no pyarrow: node scripts/pyarrow.mjs installs it'
  }
})()

/** Runs Python with pyarrow as pa and pyarrow.parquet as pq; answers what it prints. */
export function pyarrow(script: string): string {
  const program = `import pyarrow as pa, pyarrow.parquet as pq\n${script}`
  return execFileSync(python, ['-c', program], { env, encoding: 'utf8' })
}

export async function pyarrowReads(path: string, schema: AnySchema): Promise<Cells> {
  pyarrow(
    `t = pq.read_table('${path}')\nwith pa.ipc.new_stream('${path}.arrow', t.schema) as w: w.write_table(t)`,
  )
  return arrowCells(readFileSync(`${path}.arrow`), schema)
}

/** As Millrace reads it. */
export async function weRead(
  source: AnySource,
  o: { rowsPerBatch?: number; splitBytes?: number; late?: boolean } = {},
): Promise<{ cells: Cells; rejects: string[]; batches: number; splits: number }> {
  const { splits } = await source.plan({ splitBytes: o.splitBytes ?? 1e9 })
  const cells: Cells = []
  const rejects: string[] = []
  let batches = 0
  for (const split of splits) {
    const wanted = source.schema.list.map((_: unknown, i: number) => !o.late || i % 2 === 0)
    const reader = await source.open(split, {
      wanted,
      rowsPerBatch: o.rowsPerBatch ?? 1000,
      reject: r => rejects.push(`${r.line} ${r.column}: ${r.reason}${r.raw && ` (${r.raw})`}`),
      advance: () => {},
    })
    try {
      for (;;) {
        const batch = (await reader.next()) as Batch | null
        if (batch === null) break
        batches++
        if (o.late && batches % 3 === 0) reader.widen(wanted.fill(true))
        if (!o.late || batches >= 3) cells.push(...batchCells(batch))
      }
    } finally {
      await reader.close()
    }
  }
  return { cells, rejects, batches, splits: splits.length }
}
