/** User functions that go wrong: the fault names the user's line, the row, what was expected and got; nothing becomes visible. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Fault } from '../../engine/fault.ts'
import { runPipeline } from '../../engine/run/run.ts'
import { readRows } from '../../testing/collect.ts'

const pipeline = fileURLToPath(new URL('./pipeline.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'millrace-faults-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let runs = 0
const fresh = (): string => join(folder, `run-${runs++}`)

const run = (mode: string, out = fresh()) =>
  runPipeline({ pipeline, params: { mode, out }, workers: 1, scratch: folder })

test('a function that throws: its line, the row, the error', async () => {
  const out = fresh()
  const { status, error } = await run('throws', out)
  assert.equal(status, 'failed')
  assert.equal(error?.kind, 'data')
  assert.match(error?.message ?? '', /derive .*threw RangeError: not this one/)
  assert.match(error?.at ?? '', /test\/faults\/pipeline\.ts:\d+ {2}\.derive/)
  assert.match(error?.detail.join('\n') ?? '', /"id":321,"text":"t321"/)
  assert.equal(existsSync(join(out, 'rows')), false)
  assert.deepEqual(
    readdirSync(folder).filter(f => f.startsWith('millrace-')),
    [],
  )
})

test('a function that returns another kind: expected and got', async () => {
  assert.match((await run('wrongKind')).error?.message ?? '', /expected int32, got "three"/)
  assert.match((await run('fraction')).error?.message ?? '', /expected int32, got 0\.5/)
  assert.match((await run('promise')).error?.message ?? '', /got a Promise/)
  assert.match((await run('nan')).error?.message ?? '', /expected int32, got NaN/)
})

test('a thread that dies fails its task, which is tried again', async () => {
  const out = fresh()
  const { status, error } = await run('diesOnce', out)
  assert.equal(status, 'done', String(error?.message))
  const rows = readdirSync(join(out, 'rows')).flatMap(f => readRows(join(out, 'rows', f)))
  assert.equal(rows.length, 1000)
})

test('a thread that dies each time is named', async () => {
  const { status, error } = await run('diesAlways')
  assert.equal(status, 'failed')
  assert.equal(error?.kind, 'resource')
  assert.match(error?.message ?? '', /worker thread died/)
})

test('a module that builds another plan in the worker is refused', async () => {
  const { error } = await run('otherPlan')
  assert.equal(error?.kind, 'pipeline')
  assert.match(error?.message ?? '', /builds another plan in the worker/)
})

test('an output that exists is refused, kept as it was, and replaced when asked', async () => {
  const out = fresh()
  mkdirSync(join(out, 'rows'), { recursive: true })
  writeFileSync(join(out, 'rows', 'precious'), 'x')
  const refused = await run('fine', out)
  assert.equal(refused.status, 'failed')
  assert.match(refused.error?.message ?? '', /output .* exists/)
  assert.deepEqual(readdirSync(join(out, 'rows')), ['precious'])
  const options = { pipeline, params: { mode: 'fine', out }, workers: 1, scratch: folder }
  const replaced = await runPipeline({ ...options, overwrite: true })
  assert.equal(replaced.status, 'done')
  assert.deepEqual(readdirSync(join(out, 'rows')), ['part-00000.rows'])
})

test('an interrupted run ends as such and leaves nothing', async () => {
  for (const moment of ['before', 'within'] as const) {
    const out = fresh()
    const stop = new AbortController()
    const interrupt = () => stop.abort(new Fault('resource', 'the run was stopped'))
    if (moment === 'before') interrupt()
    const { status, error } = await runPipeline({
      pipeline,
      params: { mode: 'fine', out },
      workers: 1,
      scratch: folder,
      signal: stop.signal,
      watch: { stageStarted: () => setImmediate(interrupt) },
    })
    assert.equal(status, 'interrupted')
    assert.equal(error?.message, 'the run was stopped')
    assert.equal(existsSync(join(out, 'rows')), false)
  }
})
