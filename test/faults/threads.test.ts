/**
 * Worker threads that exit, throw, run out of heap or hang: what comes once is survived, with the same
 * files and accounts as a calm run and nothing of the dead attempt left; what comes each time is a
 * fault that names the user's line.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../engine/fault.ts'
import type { Arena } from '../../engine/run/exchange/arena.ts'
import type { RunReport } from '../../engine/run/report.ts'
import { type RunOptions, runPipeline } from '../../engine/run/run.ts'
import { file, moduleOf, reportOf, root, start, workFolder } from './command.ts'

const folder = workFolder('threads')
const ROWS = 60_000
const lines = Array.from({ length: ROWS }, (_, i) => `${i},text ${i}\n`)
const input = file(folder, 'in.csv', `id,text\n${lines.join('')}`)
const pipeline = join(root, moduleOf('deaths.ts'))

interface Ran {
  readonly report: RunReport
  readonly output: string
  readonly arena: Arena
  readonly notes: readonly string[]
  /** What lay in the run's scratch folder when the last task was tried again. */
  readonly scratch: readonly string[]
}

let runs = 0
async function run(mode: string, times: number, more: Partial<RunOptions> = {}): Promise<Ran> {
  const output = join(folder, `out-${runs}`)
  const scratch = join(folder, `scratch-${runs++}`)
  mkdirSync(output)
  mkdirSync(scratch)
  const notes: string[] = []
  let arena: Arena | null = null
  let left: string[] = []
  const params = { mode, input, output, times }
  const report = await runPipeline({
    pipeline,
    params,
    workers: 2,
    scratch,
    splitBytes: 200_000,
    partitions: 3,
    // Half of what crosses goes to disk.
    arenaBytes: 1_200_000,
    // What is done would be kept for a resume, where a thread hangs for long.
    checkpointAfterSeconds: 3600,
    ...more,
    started: at => {
      arena = at.arena
    },
    watch: {
      retried: (task, fault) => {
        notes.push(fault.message)
        const name = `-${task.stage}-${task.index}-0-`
        left = readdirSync(scratch, { recursive: true })
          .map(String)
          .filter(n => n.includes(name))
      },
      stuck: text => notes.push(text),
    },
  })
  assert.deepEqual(readdirSync(scratch), [])
  return { report, output, arena: arena as unknown as Arena, notes, scratch: left }
}

function files(output: string): Record<string, string> {
  const found: string[] = readdirSync(output, { recursive: true, withFileTypes: true })
    .filter(e => e.isFile())
    .map(e => join(e.parentPath, e.name))
  const hash = (path: string): string =>
    createHash('sha256').update(readFileSync(path)).digest('hex')
  return Object.fromEntries(found.sort().map(path => [path.slice(output.length), hash(path)]))
}

const visible = (output: string): string[] => readdirSync(output).sort()

const accounts = ({ report }: Ran) => [
  report.rows,
  report.stages.map(s => [s.name, s.rowsIn, s.rowsOut]),
  report.outputs.map(o => [o.rows, o.bytes]),
]

let calm: Ran
before(async () => {
  calm = await run('calm', 0)
  assert.equal(calm.report.status, 'done', String(calm.report.error?.message))
  assert.ok(
    calm.report.stages.some(s => s.spilledBytes > 0),
    'the arena was too large to spill',
  )
})

function survived(ran: Ran): void {
  assert.equal(ran.report.status, 'done', String(ran.report.error?.message))
  assert.deepEqual(files(ran.output), files(calm.output))
  assert.deepEqual(accounts(ran), accounts(calm))
  assert.equal(ran.arena.used, calm.arena.used, 'pages of the dead attempt were not given back')
  assert.deepEqual(ran.scratch, [], 'files of the dead attempt were not removed')
}

describe('a thread that dies', { concurrency: 1 }, () => {
  // biome-ignore format: a case a line
  const deaths = [
    ['exit', /^a worker thread died: worker exited with code: 7$/, /process\.exit\(\)/],
    ['later', /^a worker thread died: nobody waits for me$/, /timer or a promise that nobody awaits/],
  ] as const
  for (const [mode, message, hint] of deaths) {
    test(`${mode}, once: its task is done again, and nothing is lost, doubled or kept`, async () => {
      const ran = await run(mode, 1)
      assert.match(ran.notes.join('\n'), message)
      survived(ran)
    })

    test(`${mode}, each time: three attempts, then a fault`, async () => {
      const { report, output, notes } = await run(mode, 1e9)
      const { error } = report
      assert.deepEqual([report.status, error?.kind], ['failed', 'resource'])
      assert.match(error?.message ?? '', message)
      assert.match(error?.hint ?? '', hint)
      assert.match(error?.detail.join('\n') ?? '', /steps .*derive.*\n.*tried 3 times/)
      assert.equal(notes.length, 2)
      if (mode === 'later') assert.match(error?.at ?? '', /pipelines\/deaths\.ts:\d+$/)
      assert.deepEqual(visible(output), [])
    })
  }

  test('its heap overflows once: its task is done again', async () => {
    const output = join(folder, 'hoard')
    mkdirSync(output)
    const of = ['--mode', 'hoard', '--times', '1', '--input', input, '--output', output]
    const env = { NODE_OPTIONS: '--max-old-space-size=80' }
    const words = ['run', moduleOf('deaths.ts'), ...of, '--workers', '2', '--json']
    const answer = await start(words, env).ended
    assert.equal(answer.code, 0, answer.err)
    assert.match(answer.err, /is tried again: a worker thread died: .*out of memory/i)
    assert.deepEqual(reportOf(answer).rows, calm.report.rows)
    assert.deepEqual(visible(output), ['groups', 'rejects', 'rows'])
  })
})

describe('a thread that hangs', { concurrency: 1 }, () => {
  test('in a loop of the user’s: its thread is ended, the fault names the line and the function', async () => {
    const { report, output } = await run('spin', 1e9, { taskTimeoutMs: 1500 })
    const { error } = report
    assert.deepEqual([report.status, error?.kind], ['failed', 'pipeline'])
    assert.match(error?.message ?? '', /^task \d of \d of .*derive x.* took longer than 1\.5 s/)
    assert.match(error?.at ?? '', /pipelines\/deaths\.ts:\d+ {2}\S+$/)
    assert.match(error?.hint ?? '', /--task-timeout/)
    assert.deepEqual(
      readdirSync(output).filter(n => n !== 'rejects'),
      [],
    )
  })

  test('waiting for something outside, once: tried again, and nothing is lost', async () => {
    const ran = await run('never', 1, { taskTimeoutMs: 2000 })
    assert.match(ran.notes.join('\n'), /took longer than 2 s/)
    survived(ran)
  })

  test('waiting each time: a resource fault after three attempts', async () => {
    const { report, notes } = await run('never', 1e9, { taskTimeoutMs: 1000 })
    assert.equal(report.error?.kind, 'resource')
    assert.match(report.error?.detail.join('\n') ?? '', /then {2}it waits for something outside/)
    assert.equal(notes.length, 2)
  })

  test('without a limit it is told after a while, and stands in the report of the run that is stopped', async () => {
    const stop = new AbortController()
    const told = run('spin', 1e9, { stuckAfterMs: 500, signal: stop.signal })
    // The note comes from the engine's own watch, not from this clock.
    await sleep(4000)
    stop.abort(new Fault('resource', 'enough'))
    const { report, notes } = await told
    assert.equal(report.status, 'interrupted')
    const said =
      /^task \d of \d of .*derive x.* shows no progress for 0\.5 s: it is in .*deaths\.ts:\d+ {2}\S+$/m
    assert.match(notes.join('\n'), said)
    assert.match(report.notes.join('\n'), said)
  })

  test('through the command: --task-timeout, exit 1; Ctrl-C ends the hung run at once, exit 130', async () => {
    const words = (output: string): string[] => {
      mkdirSync(output)
      const of = ['--mode', 'spin', '--input', input, '--output', output]
      return ['run', moduleOf('deaths.ts'), ...of, '--workers', '2', '--json']
    }
    const limited = start([...words(join(folder, 'limited')), '--task-timeout', '2s'])
    const hung = start(words(join(folder, 'hung')))
    const answer = await limited.ended
    while (!existsSync(join(folder, 'hung.spin-0'))) await sleep(50)
    hung.child.kill('SIGINT')
    const stopped = await hung.ended
    assert.equal(answer.code, 1, answer.err)
    assert.match(
      reportOf(answer).error?.at ?? '',
      /^test\/faults\/pipelines\/deaths\.ts:\d+ {2}\S+$/,
    )
    assert.deepEqual([stopped.code, reportOf(stopped).status], [130, 'interrupted'])
    assert.deepEqual(readdirSync(join(folder, 'hung')), [])
  })
})
