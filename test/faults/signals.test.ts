/** Ctrl-C and its like on the real command: once is a clean stop, twice is at once, the same one told twice is once. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import {
  file,
  moduleOf,
  reportOf,
  type Placed,
  start,
  workFolder,
  keepNothing,
  placeWords,
} from './command.ts'

const folder = workFolder('signals')
const ROWS = 20_000
const lines = Array.from({ length: ROWS }, (_, i) => `${i},text ${i}\n`)
const input = file(folder, 'in.csv', `id,text\n${lines.join('')}`)
/** The two seconds of hashing per thousand rows outlast every test. */
const ROUNDS = '1000'

let runs = 0

/** Starts a run and waits until its worker threads are at work. */
async function atWork(): Promise<Placed> {
  const output = join(folder, `out-${runs}`)
  const scratch = join(folder, `scratch-${runs++}`)
  mkdirSync(scratch)
  const words = [moduleOf('slow.ts'), ...placeWords(input, output, scratch), '--rounds', ROUNDS]
  const run = start(['run', ...words, '--workers', '2', ...keepNothing, '--json'])
  await run.said(/^read csv .* 100 %/m)
  return { ...run, output, scratch }
}

const left = ({ output, scratch }: Placed): string[] => [
  ...(existsSync(output) ? readdirSync(output) : []),
  ...readdirSync(scratch),
]

async function endsCleanly(run: Placed): Promise<void> {
  const answer = await run.ended
  assert.deepEqual([answer.code, answer.signal], [130, null], answer.err)
  const report = reportOf(answer)
  assert.equal(report.status, 'interrupted')
  assert.equal(report.error?.message, 'the run was stopped')
  assert.equal(answer.err.match(/stopping: removing what is unfinished/g)?.length, 1)
  assert.deepEqual(left(run), [])
}

const noProc = process.platform !== 'linux' && 'needs /proc'

describe('a signal', { concurrency: 2 }, () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    test(`${signal} to the command alone: exit 130, nothing is left`, async () => {
      const run = await atWork()
      run.child.kill(signal)
      await endsCleanly(run)
    })

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    test(`${signal} to the whole group, and passed on by a launcher besides, is one request`, async () => {
      const run = await atWork()
      process.kill(-(run.child.pid as number), signal)
      run.child.kill(signal)
      await endsCleanly(run)
    })

  test('a second one means at once: it does not wait for the engine, and says how to go on', {
    skip: noProc,
  }, async () => {
    const run = await atWork()
    // The engine cannot answer while it is stopped, as if a lambda of the main thread hung.
    const engine = engineOf(run.child.pid as number)
    process.kill(engine, 'SIGSTOP')
    run.child.kill('SIGINT')
    await run.said(/again to stop at once/)
    await sleep(700)
    run.child.kill('SIGINT')
    const answer = await run.ended
    assert.equal(answer.code, 130, answer.err)
    const report = reportOf(answer)
    assert.equal(report.status, 'interrupted')
    assert.equal(report.error?.message, 'the run was stopped at once')
    assert.match(report.error?.hint ?? '', /millrace run test\/faults\/pipelines\/slow\.ts --input/)
    assert.equal(report.pipeline, 'slow')
    assert.deepEqual(readdirSync(run.scratch), [])
    assert.equal(existsSync(join(run.output, 'rows')), false)
  })

  test('kill -9 of the command: the engine notices, stops and leaves nothing', {
    skip: noProc,
  }, async () => {
    const run = await atWork()
    const engine = engineOf(run.child.pid as number)
    run.child.kill('SIGKILL')
    assert.equal((await run.ended).signal, 'SIGKILL')
    while (alive(engine)) await sleep(50)
    assert.deepEqual(left(run), [])
  })
})

/** What ps says, from Linux's /proc: the process that the command started. */
function engineOf(parent: number): number {
  const found = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .find(pid => parentOf(pid) === parent)
  assert.ok(found, 'the command has no child')
  return found
}

function parentOf(pid: number): number {
  try {
    return Number(/\) [^ZX] (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1])
  } catch {
    // It has ended meanwhile.
    return Number.NaN
  }
}

const alive = (pid: number): boolean => parentOf(pid) >= 0
