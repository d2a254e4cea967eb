import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { RowBuilder } from '../../compile/rows.ts'
import { columnOf } from '../../data/batch.ts'
import { schema, t } from '../../data/schema.ts'
import { TaskSpill } from './spill.ts'

const Line = schema({ id: t.int32, noise: t.float64 })

/** Rows that do not compress: about 8 bytes each on disk. */
function batchOf(from: number, rows: number) {
  const builder = new RowBuilder(Line, rows)
  for (let i = 0; i < rows; i++) builder.append({ id: from + i, noise: Math.sin(from + i) })
  return builder.take()
}

const idsOf = (
  run: ReturnType<ReturnType<TaskSpill['open']>['close']>,
  release = false,
): number[] =>
  [...run.batches({ release })].flatMap(batch => [
    ...(columnOf(batch, 0).values as Int32Array).slice(0, batch.rows),
  ])

test('small runs share a file, are read while it grows, and large ones go on in their own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-runs-'))
  const spill = new TaskSpill(join(folder, 'spill'))
  try {
    const runs = Array.from({ length: 50 }, (_, k) => {
      const writer = spill.open(Line)
      writer.write(batchOf(k * 1000, 100))
      return writer.close()
    })
    assert.equal(readdirSync(join(folder, 'spill')).length, 1)
    const large = spill.open(Line)
    for (let k = 0; k < 20; k++) large.write(batchOf(k * 20_000, 20_000))
    const ids = Array.from({ length: 400_000 }, (_, i) => i)
    const run = large.close()
    assert.equal(readdirSync(join(folder, 'spill')).length, 2)
    runs.forEach((small, k) => assert.equal(idsOf(small, true)[99], k * 1000 + 99))
    assert.deepEqual(idsOf(run), ids)
    assert.deepEqual(idsOf(run, true), ids)
    assert.equal(readdirSync(join(folder, 'spill')).length, 1)
    assert.ok(spill.spilledBytes > 3e6)
  } finally {
    spill.remove()
    assert.ok(!existsSync(join(folder, 'spill')) || readdirSync(join(folder, 'spill')).length === 0)
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a shared file that is full leaves the disk once all of its runs were read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-runs-'))
  const spill = new TaskSpill(join(folder, 'spill'))
  try {
    const open = () => {
      const writer = spill.open(Line)
      for (let k = 0; k < 5; k++) writer.write(batchOf(k * 20_000, 20_000))
      return writer.close()
    }
    const first = Array.from({ length: 20 }, open)
    const files = () => readdirSync(join(folder, 'spill')).length
    const before = files()
    assert.ok(before > 1)
    for (const run of first) assert.equal(idsOf(run, true).length, 100_000)
    assert.equal(files(), 1)
  } finally {
    spill.remove()
    rmSync(folder, { recursive: true, force: true })
  }
})
