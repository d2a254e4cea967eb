/** The micro benches run, and the kernels give what the loops by hand give. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Batch, columnOf } from '../../engine/data/batch.ts'
import { indexOf } from '../../engine/data/schema.ts'
import { readValue } from '../../engine/data/value.ts'
import { inputSet, inputsOf } from '../inputs.ts'
import { STEPS } from '../pipelines/lambdas.ts'
import { batchesOf, rowsOf } from './batches.ts'
import { csvMicros } from './csv.ts'
import { exchangeMicros } from './exchange.ts'
import { groupMicros } from './groups.ts'
import { kernelOf, lambdaMicros } from './lambdas.ts'
import { LOOPS, plainOf } from './loops.ts'
import type { Micro } from './measure.ts'
import { parquetMicros } from './parquet.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-micro-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const ROWS = 16_000
const set = inputSet(folder, ROWS)
const { input } = await inputsOf(set, 'csv')
const batches = await batchesOf(input)

const micros: Record<string, () => readonly Micro[] | Promise<readonly Micro[]>> = {
  csv: () => csvMicros(input, ROWS),
  groups: () => groupMicros(batches),
  exchange: () => exchangeMicros(batches, folder),
  parquet: () => parquetMicros(batches, folder),
  lambdas: () => lambdaMicros(batches),
}
for (const [name, make] of Object.entries(micros))
  test(`the micro benches of ${name} run twice`, async () => {
    const made = await make()
    assert.ok(made.length > 0)
    for (const { run } of made) {
      await run()
      await run()
    }
  })

test('six lambdas: the kernel keeps and writes what the loop by hand does', () => {
  assert.equal(rowsOf(batches), ROWS / 8)
  for (const batch of batches) {
    let out: Batch | null = null
    kernelOf(STEPS.all, made => {
      out = made
    }).push(batch)
    const got = out as Batch | null
    assert.ok(got)
    const hand = LOOPS.all(plainOf(batch))
    const kept = [...hand.kept]
    assert.ok(kept.length > 1000 && kept.length < batch.rows, `${kept.length} rows kept`)
    assert.deepEqual([...(got.selection ?? []).slice(0, got.selected)], kept)
    const values = (name: string) => {
      const column = columnOf(got, indexOf(got.schema, name))
      return kept.map(i => readValue(column, i))
    }
    const those = (all: ArrayLike<unknown>) => kept.map(i => all[i])
    assert.deepEqual(values('net'), those(hand.net))
    assert.deepEqual(values('slug'), those(hand.slugs))
    assert.deepEqual(values('shelf'), those(hand.shelves))
    assert.deepEqual(values('segment'), those(hand.segments))
    assert.deepEqual(values('weekday'), those(hand.weekdays))
  }
})
