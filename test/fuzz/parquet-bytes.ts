/** A Parquet file of random rows, in memory. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline, schema, t } from 'millrace'
import { parquet } from 'millrace/io'
import { faultFromJson } from '../../engine/fault.ts'
import { runPipeline } from '../../engine/run/run.ts'
import type { Random } from './random.ts'

const Row = schema({
  id: t.int32,
  price: t.decimal(10, 2).nullable,
  note: t.utf8.nullable,
  f: t.float64,
})

export async function parquetBytes(r: Random, rows: number): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bytes-'))
  const made = Array.from({ length: rows }, (_, id) => ({
    id,
    price: r.chance(0.2) ? null : r.below(1e6) / 100,
    note: r.chance(0.2) ? null : `note ${r.below(r.pick([3, 1000]))}`,
    f: r.below(1000) / 8,
  }))
  const definition = pipeline({
    name: 'bytes',
    params: {},
    build: p => void p.create(Row, made).write(parquet(join(folder, 'out'))),
  })
  try {
    const { error } = await runPipeline({ pipeline: definition, scratch: folder })
    if (error) throw faultFromJson(error)
    return readFileSync(join(folder, 'out', 'part-00000.parquet'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
