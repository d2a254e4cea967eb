/** Rows of every kind through Parquet files and back are the same rows. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pipeline } from 'millrace'
import { parquet } from 'millrace/io'
import { runPipeline } from '../../engine/run/run.ts'
import { runRows } from '../../testing/index.ts'
import { Every, everyRows } from './rows.ts'

test('every kind survives Parquet', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-parquet-'))
  const files = join(folder, 'rows')
  const rows = everyRows(3000)
  try {
    const definition = pipeline({
      name: 'write',
      build(p) {
        p.create(Every, rows).write(parquet(files))
      },
    })
    const report = await runPipeline({ pipeline: definition })
    assert.equal(report.status, 'done', JSON.stringify(report.error))
    const { rows: back } = await runRows(p => ({
      all: p.read(parquet(`${files}/*.parquet`, Every)),
      few: p
        .read(parquet(files, Every))
        .filter(r => r.id < 10)
        .select('id', 'text'),
    }))
    const { rows: straight } = await runRows(p => ({ all: p.create(Every, rows) }))
    assert.deepEqual(back.all, straight.all)
    assert.equal(back.few.length, 10)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
