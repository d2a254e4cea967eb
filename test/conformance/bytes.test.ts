/**
 * Same input, same bytes: whatever the number of workers and the memory, and whether operators spill or
 * split what they hold, a run writes the same files.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { faultFromJson } from '../../engine/fault.ts'
import type { RunReport } from '../../engine/run/report.ts'
import { type RunOptions, runPipeline } from '../../engine/run/run.ts'
import { writeInput } from './big-input.ts'

const module = fileURLToPath(new URL('./big-pipeline.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'millrace-bytes-'))
const input = join(folder, 'input')

before(() => writeInput(input, { orders: 4000, visits: 3000 }))
after(() => rmSync(folder, { recursive: true, force: true }))

/** What decides about the bytes: the same for all runs. */
const PLAN = { splitBytes: 64 << 10, partitions: 2 }

const LITTLE = 1 << 20
const HARDLY_ANY = 128 << 10

const runs: Readonly<Record<string, Pick<RunOptions, 'workers' | 'memoryBytes'>>> = {
  'two workers, much memory': { workers: 2, memoryBytes: 512 << 20 },
  'three workers, little memory': { workers: 3, memoryBytes: LITTLE },
  'one worker, hardly any memory': { workers: 1, memoryBytes: HARDLY_ANY },
  'two workers, hardly any memory': { workers: 2, memoryBytes: HARDLY_ANY },
}

test('the number of workers and the memory change no byte', async t => {
  const one = await files({ workers: 1, memoryBytes: 512 << 20 })
  assert.ok(one.bytes.size > 60)
  assert.equal(spilled(one.report), 0)
  for (const [name, options] of Object.entries(runs))
    await t.test(name, async () => {
      const { bytes, report } = await files(options)
      assert.equal(spilled(report) > 0, options.memoryBytes !== 512 << 20)
      const levels = Math.max(...report.stages.map(stage => stage.splitLevels))
      assert.ok(options.memoryBytes !== HARDLY_ANY || levels > 1)
      const changed = [...one.bytes.keys()].filter(path => bytes.get(path) !== one.bytes.get(path))
      assert.deepEqual(changed, [])
      assert.deepEqual([...bytes.keys()], [...one.bytes.keys()])
    })
})

const spilled = (report: RunReport): number =>
  report.stages.reduce((sum, stage) => sum + stage.spilledBytes, 0)

/** Runs all cases; answers each file's hash by its path. */
async function files(options: Pick<RunOptions, 'workers' | 'memoryBytes'>) {
  const out = mkdtempSync(join(folder, 'out-'))
  const report = await runPipeline({
    ...PLAN,
    ...options,
    pipeline: module,
    export: 'all',
    params: { input, out },
    maxRejects: 1,
    scratch: folder,
  })
  if (report.error) throw faultFromJson(report.error)
  const paths = readdirSync(out, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(out.length + 1))
  const bytes = new Map(
    paths.sort().map(path => [
      path,
      createHash('sha256')
        .update(readFileSync(join(out, path)))
        .digest('hex'),
    ]),
  )
  return { bytes, report }
}
