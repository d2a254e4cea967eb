/** The launcher under a Node that is too old, in front of a stand-in for the command. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hostNode, run, strangersEnv } from './stranger.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'millrace-launch-'))
const launcher = join(work, 'cli', 'launch.cjs')
const { path: old, skip } = hostNode()

mkdirSync(join(work, 'cli'))
mkdirSync(join(work, 'dist', 'cli'), { recursive: true })
copyFileSync(join(root, 'cli', 'launch.cjs'), launcher)
writeFileSync(join(work, 'package.json'), '{ "type": "module" }')
/** Prints what it is, then ends as its first argument says: a number, a signal, or `wait` for one. */
const COMMAND = `const [how, ...rest] = process.argv.slice(2)
const signals = []
for (const name of ['SIGINT', 'SIGTERM'])
  process.on(name, () => { signals.push(name); setTimeout(() => { console.log(signals.join()); process.exit(130) }, 200) })
console.log(JSON.stringify({ major: parseInt(process.versions.node), argv: rest, execArgv: process.execArgv }))
if (how.startsWith('SIG')) process.kill(process.pid, how)
if (how === 'wait') setTimeout(() => {}, 60_000)
else if (!how.startsWith('SIG')) process.exitCode = Number(how)
`
writeFileSync(join(work, 'dist', 'cli', 'main.js'), COMMAND)
after(() => rmSync(work, { recursive: true, force: true }))

test('a Node that is new enough runs the command itself', () => {
  const { code, out } = run(process.execPath, [launcher, '7'], work)
  assert.equal(code, 7)
  assert.ok(JSON.parse(out).major >= 26)
})

test('a package that is not built says so', () => {
  const bare = join(work, 'bare', 'cli')
  mkdirSync(bare, { recursive: true })
  copyFileSync(launcher, join(bare, 'launch.cjs'))
  const { code, err } = run(process.execPath, [join(bare, 'launch.cjs')], work)
  assert.equal(code, 2)
  assert.match(err, /not built\n {2}hint {2}npm run build/)
})

test('without a newer Node in reach: which is needed, and how to get it', { skip }, () => {
  const { code, out, err } = run(old, [launcher, '0'], work)
  assert.deepEqual([code, out], [2, ''])
  assert.match(err, /^millrace: needs Node 26 or newer, this is v\d+\.\d+\.\d+\n/)
  assert.match(err, /npm install --save-dev node@26/)
})

test('a newer Node is found upward from the working directory', { skip }, () => {
  const { code, out } = run(
    old,
    ['--no-warnings', launcher, '0', 'a b', '--c=d'],
    join(root, 'test'),
  )
  assert.equal(code, 0)
  const { major, argv, execArgv } = JSON.parse(out)
  assert.ok(major >= 26)
  assert.deepEqual([argv, execArgv], [['a b', '--c=d'], ['--no-warnings']])
})

test('exit codes come through, and 128 and the number of a signal', { skip }, () => {
  assert.equal(run(old, [launcher, '3'], root).code, 3)
  assert.equal(run(old, [launcher, 'SIGKILL'], root).code, 137)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  test(`${signal} reaches the command once, and its answer counts`, {
    skip,
    timeout: 20_000,
  }, async () => {
    const child = spawn(old, [launcher, 'wait'], {
      cwd: root,
      env: strangersEnv(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const closed = once(child, 'close')
    let out = ''
    child.stdout.on('data', data => {
      out += data
    })
    await once(child.stdout, 'data')
    child.kill(signal)
    assert.deepEqual(await closed, [130, null])
    assert.equal(out.trim().split('\n')[1], signal)
  })
