/** `--resume`: what a run that did not end well had done is not done again, and the result is the same. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { renderSummary } from '../../cli/summary.ts'
import type { RunReport } from '../../engine/run/report.ts'
import { own } from '../../engine/run/checkpoint/owner.ts'
import { type RunOptions, runPipeline } from '../../engine/run/run.ts'
import { file, moduleOf, root, workFolder } from './command.ts'

const folder = workFolder('resume')
/** Beside the repository's own modules, as it imports the package; an edit of it is another pipeline. */
const modules = mkdtempSync(join(root, 'test/faults/pipelines/.resume-'))
after(() => rmSync(modules, { recursive: true }))
const lines = Array.from({ length: 3000 }, (_, i) => `${i % 2500},text ${(i * 7919) % 3000}\n`)
let places = 0

interface Place {
  readonly module: string
  readonly input: string
  readonly output: string
  readonly scratch: string
  readonly stop: string
}

function place(): Place {
  const at = join(folder, String(places++))
  mkdirSync(join(at, 'scratch'), { recursive: true })
  mkdirSync(join(at, 'in'))
  file(join(at, 'in'), 'a.csv', `id,text\n${lines.slice(0, 1500).join('')}none,such\n`)
  file(join(at, 'in'), 'b.csv', `id,text\n${lines.slice(1500).join('')}`)
  const module = join(modules, `m${places}.ts`)
  copyFileSync(join(root, moduleOf('kept.ts')), module)
  const input = join(at, 'in/*.csv')
  return {
    module,
    input,
    output: join(at, 'out'),
    scratch: join(at, 'scratch'),
    stop: file(at, 'stop', ''),
  }
}

const run = (p: Place, o: Partial<RunOptions> = {}): Promise<RunReport> => {
  const { module, input, output, scratch, stop } = p
  const given: RunOptions = {
    pipeline: module,
    params: { input, output, stop },
    scratch,
    workers: 1,
    partitions: 3,
    checkpointAfterSeconds: 0,
  }
  return runPipeline({ ...given, ...o })
}

/** A run that failed in its last stage. */
async function failed(p: Place): Promise<RunReport> {
  const report = await run(p)
  assert.equal(report.status, 'failed')
  assert.match(report.error?.message ?? '', /not yet/)
  rmSync(p.stop)
  return report
}

const contents = (of: string): Record<string, string> =>
  Object.fromEntries(
    globSync('**/*.{parquet,ndjson}', { cwd: of }).map(path => [
      path,
      createHash('sha256')
        .update(readFileSync(join(of, path)))
        .digest('hex'),
    ]),
  )

test('a run that failed is taken up: finished tasks are skipped, the outputs are those of one run', async t => {
  const p = place()
  const dead = await failed(p)
  assert.ok(dead.kept)
  assert.ok(dead.kept.tasks >= 6, JSON.stringify(dead.kept))
  const [name = ''] = readdirSync(p.scratch)
  assert.equal(dead.kept.folder, join(p.scratch, name))
  assert.equal(statSync(dead.kept.folder).mode & 0o777, 0o700)
  for (const entry of readdirSync(dead.kept.folder).filter(n => /^(?:run|owner|c-)/.test(n)))
    assert.equal(statSync(join(dead.kept.folder, entry)).mode & 0o777, 0o600, entry)
  assert.deepEqual(contents(p.output), {})

  const report = await run(p, { resume: true, workers: 2 })
  assert.equal(report.status, 'done', JSON.stringify(report.error))
  assert.equal(report.runId, dead.runId)
  assert.ok(report.resumed)
  assert.ok(report.resumed.tasks >= 6)
  assert.ok(report.resumed.stages >= 1)
  assert.equal(report.bytes.read, 0, 'no file was read again')
  assert.match(renderSummary(report), /^ {2}resumed: \d+ tasks \(\d+ whole stages\)/m)
  assert.match(renderSummary(dead), /^ {2}kept for --resume: \d+ tasks, .* in .*millrace-/m)
  assert.deepEqual(readdirSync(p.scratch), [])

  await t.test('and so is its account', async () => {
    const whole = await run(p, { params: paramsOf(p, { output: `${p.output}-2` }) })
    const own = contents(p.output)
    const other = contents(`${p.output}-2`)
    // It has the time of its run in it, which is the dead one's after a resume.
    const ends = 'ends/part-00000.ndjson'
    const started = (of: string) =>
      /"started_?at":(\d+)/i.exec(readFileSync(join(of, ends), 'utf8'))
    assert.notEqual(started(p.output)?.[1], started(`${p.output}-2`)?.[1])
    assert.ok(own[ends])
    assert.deepEqual({ ...own, [ends]: '' }, { ...other, [ends]: '' })
    for (const key of ['rows', 'dropped', 'rejects'] as const)
      assert.deepEqual(report[key], whole[key])
  })
})

const paramsOf = ({ input, output, stop }: Place, more: Record<string, unknown>) => ({
  input,
  output,
  stop,
  ...more,
})

test('one that is stopped is kept, and can be stopped and taken up again', async () => {
  const p = place()
  rmSync(p.stop)
  const done: number[] = []
  for (let round = 0; ; round++) {
    const stop = new AbortController()
    // One more task each time.
    let ended = 0
    const watch = { stageEnded: () => void (++ended > round && stop.abort(new Error('stopped'))) }
    const report = await run(p, { resume: true, signal: stop.signal, watch })
    done.push(report.resumed?.tasks ?? 0)
    if (report.status === 'done') break
    assert.equal(report.status, 'interrupted')
    assert.ok(round < 10)
  }
  assert.ok(done.length >= 3, String(done))
  assert.deepEqual(readdirSync(p.scratch), [])
  assert.equal(Object.keys(contents(p.output)).length, 3)
})

test('half a record at the end of the log is cut off', async () => {
  const p = place()
  const dead = await failed(p)
  const log = join(dead.kept?.folder ?? '', 'run.log')
  const whole = statSync(log).size
  truncateSync(log, whole - 7)
  appendFileSync(log, 'MRC1')
  const report = await run(p, { resume: true })
  assert.equal(report.status, 'done', JSON.stringify(report.error))
  assert.ok((report.resumed?.tasks ?? 0) >= 5)
})

test('blocks and files that are gone are made again', async () => {
  const p = place()
  const { kept } = await failed(p)
  for (const name of readdirSync(kept?.folder ?? ''))
    if (/^[cf]-/.test(name)) rmSync(join(kept?.folder ?? '', name))
  const report = await run(p, { resume: true })
  assert.equal(report.status, 'done', JSON.stringify(report.error))
  assert.equal(Object.keys(contents(p.output)).length, 3)
  assert.ok(report.bytes.read > 0)
})

const CHANGES: readonly (readonly [string, (p: Place) => Partial<RunOptions>, RegExp])[] = [
  [
    'another parameter',
    p => ({ params: paramsOf(p, { token: 'secret-word' }) }),
    /parameter {2}token: not given then, another value now/,
  ],
  ['another setting', () => ({ partitions: 4 }), /setting {2}partitions: 3 then, 4 now/],
  [
    'a file that was touched',
    ({ input }) => {
      utimesSync(input.replace('*', 'a'), new Date(1e12), new Date(1e12))
      return {}
    },
    /input {2}.*a\.csv was changed/,
  ],
  [
    'a file that is new',
    ({ input }) => {
      writeFileSync(input.replace('*', 'c'), 'id,text\n1,x\n')
      return {}
    },
    /input {2}.*c\.csv is new/,
  ],
  [
    'another module',
    ({ module }) => {
      appendFileSync(module, '// a comment\n')
      return {}
    },
    /module {2}its text was changed/,
  ],
]

test('another run than the dead one is refused with what differs; without resume it starts afresh', async t => {
  const p = place()
  const dead = await failed(p)
  const [name] = readdirSync(p.scratch)
  for (const [what, change, detail] of CHANGES)
    await t.test(what, async () => {
      const { error } = await run(p, { ...change(p), resume: true })
      assert.equal(error?.kind, 'pipeline')
      assert.equal(error?.message, `run ${dead.runId} cannot be resumed: it was another one`)
      assert.match(error?.detail.join('\n') ?? '', detail)
      assert.match(error?.hint ?? '', /run without --resume/)
      assert.doesNotMatch(JSON.stringify(error), /secret-word/)
      assert.deepEqual(readdirSync(p.scratch), [name])
    })
  const afresh = await run(p)
  assert.equal(afresh.status, 'done', JSON.stringify(afresh.error))
  assert.equal(afresh.resumed, undefined)
  assert.deepEqual(readdirSync(p.scratch), [], 'what was kept is removed')
})

test('nothing to resume: it runs from the start and says so', async () => {
  const p = place()
  rmSync(p.stop)
  const report = await run(p, { resume: true })
  assert.equal(report.status, 'done')
  assert.equal(report.resumed, undefined)
  assert.match(report.notes.join('\n'), /nothing to resume: .* runs from the start/)
})

test('a short run that fails keeps nothing', async () => {
  const p = place()
  const report = await run(p, { checkpointAfterSeconds: 3600 })
  assert.equal(report.status, 'failed')
  assert.equal(report.kept, undefined)
  assert.deepEqual(readdirSync(p.scratch), [])
})

test('a run that is at work is neither taken up nor removed', async () => {
  const p = place()
  const kept = (await failed(p)).kept?.folder ?? ''
  assert.ok(own(kept, 1), 'this process takes it up, as a test does not end')
  assert.equal(own(kept, 1), false, 'of two, one does')
  const refused = await run(p, { resume: true })
  assert.equal(refused.error?.kind, 'resource')
  assert.match(refused.error?.message ?? '', /^run \w+ is at work in process \d+$/)
  assert.equal((await run(p)).status, 'done')
  assert.ok(existsSync(join(kept, 'run.log')))
})

test('a disk that refuses what is kept: a warning, and the run goes on', {
  skip: process.platform === 'win32' && 'needs ulimit',
}, () => {
  const p = place()
  rmSync(p.stop)
  const big = Array.from({ length: 20_000 }, (_, i) => `${i},${i}${'x'.repeat(60)}\n`)
  writeFileSync(p.input.replace('*', 'a'), `id,text\n${big.join('')}`)
  const words = [process.execPath, '--conditions=millrace-source', join(root, 'cli/main.ts'), 'run']
  const more = ['--stop', p.stop, '--scratch', p.scratch, '--checkpoint-after', '0', '--json']
  const args = [...words, p.module, '--input', p.input, '--output', p.output, ...more]
  // No file may become larger than this; rows in Parquet are smaller, blocks of them are not.
  const { stdout, stderr } = spawnSync(
    'bash',
    ['-c', 'ulimit -f 600; exec "$@"', 'bash', ...args],
    {
      encoding: 'utf8',
      cwd: root,
    },
  )
  const report = JSON.parse(stdout) as RunReport
  assert.equal(report.status, 'done', stderr)
  assert.match(report.notes.join('\n'), /not kept any more, .*EFBIG/)
  assert.match(stderr, /not kept any more/)
  assert.equal(report.rows.read, 21_500)
})
