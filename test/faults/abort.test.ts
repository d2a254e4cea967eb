/** Heaps that overflow for real: V8 aborts the engine's process, or ends a worker thread; both become a `resource` fault that names the steps. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { file, moduleOf, reportOf, start, workFolder, keepNothing, placeWords } from './command.ts'

const folder = workFolder('abort')
const lines = Array.from({ length: 60_000 }, (_, i) => `${i},text ${i}\n`)
const input = file(folder, 'in put.csv', `id,text\n${lines.join('')}`)
const scratch = join(folder, 'scratch')
const output = join(folder, 'out')
mkdirSync(scratch)
const words = [moduleOf('hoarder.ts'), ...placeWords(input, output, scratch), ...keepNothing]

const run = (heapMb: number, copies = 50) =>
  start(['run', ...words, '--workers', '1', '--json'], {
    NODE_OPTIONS: `--max-old-space-size=${heapMb}`,
    HOARD_COPIES: String(copies),
  }).ended

test('V8 aborts: the steps, what V8 said, and the command that completes the run', async () => {
  const answer = await run(400)
  const { status, pipeline, error, stages, peakRssBytes } = reportOf(answer)
  assert.equal(answer.code, 1)
  assert.deepEqual([status, pipeline, error?.kind], ['failed', 'hoarder', 'resource'])
  assert.match(
    error?.message ?? '',
    /^the engine's process died \(signal SIGABRT\) in read csv .*in put\.csv → hoard texts$/,
  )
  assert.match(error?.detail.join('\n') ?? '', /^V8 {4}.*JavaScript heap out of memory$/m)
  assert.match(
    error?.hint ?? '',
    /--max-old-space-size=<MB>\); run it again, which completes this run: millrace run test\/faults\/pipelines\/hoarder\.ts --input '.*in put\.csv' --output /,
  )
  assert.match(stages[0]?.name ?? '', /^read csv/)
  assert.ok(peakRssBytes > 100e6)
  assert.doesNotMatch(answer.err, /Last few GCs|Native stack trace/)
  assert.deepEqual(readdirSync(scratch), [])
  assert.equal(existsSync(output), false)
})

test('a thread’s heap overflows: tried again, then named', async () => {
  const answer = await run(64)
  const { error } = reportOf(answer)
  assert.equal(answer.code, 1)
  assert.equal(error?.kind, 'resource')
  assert.match(error?.message ?? '', /^a worker thread died: .*out of memory/)
  assert.match(
    error?.detail.join('\n') ?? '',
    /steps read csv .* → hoard texts\ntask 0 of 1, tried 3 times/,
  )
  assert.match(error?.hint ?? '', /--max-old-space-size/)
  assert.equal(answer.err.match(/task 0 of read csv .* is tried again/g)?.length, 2)
  assert.deepEqual(readdirSync(scratch), [])
})

test('where less is kept the same command ends well, and nothing of the aborted run is left', async () => {
  const answer = await run(400, 1)
  assert.equal(answer.code, 0, answer.err)
  assert.deepEqual(readdirSync(output), ['part-00000.ndjson'])
  assert.deepEqual(readdirSync(folder).sort(), ['in put.csv', 'out', 'scratch'])
})
