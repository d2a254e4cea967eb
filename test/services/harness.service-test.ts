/** Each server starts, answers its official client through what it hands over, and ends with its tests. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { S3Client } from '@aws-sdk/client-s3'
import { folderFor, launch } from './process.ts'
import { accepts } from './server.ts'
import { NAMES, needs, serverOf, start } from './services.ts'
import * as talk from './talk.ts'

const UNTIL_MS = 15_000
const folder = mkdtempSync(join(tmpdir(), 'millrace-harness-'))
after(() => rmSync(folder, { recursive: true, force: true }))

async function eventually(what: () => Promise<boolean> | boolean): Promise<boolean> {
  const deadline = performance.now() + UNTIL_MS
  while (performance.now() < deadline) {
    if (await what()) return true
    await sleep(50)
  }
  return false
}

for (const name of NAMES)
  test(`${name} starts, answers its client, and stops`, async t => {
    if (!needs(t, name)) return
    const service = await start(name)
    await t.test('its client writes and reads', () => talk.to(service))
    const before = performance.now()
    await service.stop()
    assert.ok(performance.now() - before < 8000, 'it stops within seconds')
    assert.equal(await accepts(service.port), false, 'its port is free again')
    assert.equal(existsSync(service.folder), false, 'its folder is gone')
    await service.stop()
  })

test('S3 refuses another secret', async t => {
  if (!needs(t, 's3')) return
  const { uri } = await serverOf('s3')
  const credentials = { accessKeyId: 'millrace-test', secretAccessKey: 'another' }
  const wrong = new S3Client({
    endpoint: uri,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials,
  })
  await assert.rejects(talk.listBuckets(wrong), { name: 'SignatureDoesNotMatch' })
  wrong.destroy()
})

test('a server that ends at once says so with its log, and leaves no folder', async () => {
  const folder = folderFor('none')
  const launched = launch({
    name: 'none',
    command: 'sh',
    args: ['-c', 'echo the port is taken; exit 3'],
    folder,
    ready: () => Promise.resolve(false),
  })
  await assert.rejects(launched, /the server none exited 3\n.*\nthe port is taken/s)
  assert.equal(existsSync(folder), false)
})

test('servers end with a test process that is killed', async t => {
  if (!needs(t, 'gcs', 'postgres')) return
  const script = `
    const { start } = await import(${JSON.stringify(import.meta.resolve('./services.ts'))})
    const [gcs, postgres] = await Promise.all([start('gcs'), start('postgres')])
    console.log(JSON.stringify([gcs, postgres].map(({ port, folder }) => ({ port, folder }))))
    setInterval(() => {}, 1000)`
  const child = spawn(
    process.execPath,
    [...process.execArgv, '--input-type=module', '-e', script],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const [line] = (await child.stdout.take(1).toArray()) as [Buffer]
  const servers = JSON.parse(line.toString()) as { port: number; folder: string }[]
  for (const { port } of servers) assert.equal(await accepts(port), true)
  child.kill('SIGKILL')
  for (const { port, folder } of servers) {
    assert.ok(await eventually(async () => !(await accepts(port))), 'its port is free again')
    assert.ok(await eventually(() => !existsSync(folder)), 'its folder is gone')
  }
})

test('a server keeps no process from ending', async t => {
  if (!needs(t, 'gcs')) return
  const script = `
    const { serverOf } = await import(${JSON.stringify(import.meta.resolve('./services.ts'))})
    console.log((await serverOf('gcs')).port)`
  const child = spawn(
    process.execPath,
    [...process.execArgv, '--input-type=module', '-e', script],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const [line] = (await child.stdout.take(1).toArray()) as [Buffer]
  const ended = await eventually(() => child.exitCode !== null)
  if (!ended) child.kill('SIGKILL')
  assert.ok(ended)
  assert.ok(await eventually(async () => !(await accepts(Number(line.toString())))))
})

/** A test of one that is not installed, in a process of its own. */
async function withoutServers(env: Record<string, string>) {
  const file = join(folder, 'needs.mjs')
  const services = JSON.stringify(import.meta.resolve('./services.ts'))
  writeFileSync(
    file,
    `import { test } from 'node:test'
    const { needs } = await import(${services})
    test('reads', t => { if (needs(t, 'mongo', 'bigquery')) throw new Error('it is there') })`,
  )
  const child = spawn(
    process.execPath,
    ['--conditions=millrace-source', '--test-reporter=tap', file],
    {
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, MILLRACE_SERVICES: folder, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const out = (await child.stdout.toArray()).join('')
  return { out, code: child.exitCode ?? (await once(child, 'exit'))[0] }
}

test('a test of a server that is not installed is skipped by name, and fails under CI', async () => {
  const why = /not installed: mongo, bigquery, gcs/
  const alone = await withoutServers({ CI: '' })
  assert.match(alone.out, /ok 1 - reads # SKIP not installed: mongo, bigquery, gcs/)
  assert.equal(alone.code, 0)
  const ci = await withoutServers({ CI: 'true' })
  assert.match(ci.out, why)
  assert.match(ci.out, /^not ok 1 - reads/m)
  assert.equal(ci.code, 1)
})

test('the installer says by name what it could not install, and why', async () => {
  const installer = fileURLToPath(import.meta.resolve('./install.sh'))
  const env = { ...process.env, GO: 'no-such-go', PYTHON: 'no-such-python' }
  const run = promisify(execFile)
  const told = run('bash', [installer, 'gcs', 'mongo', 'nothing'], {
    env: { ...env, MILLRACE_SERVICES: join(folder, 'cache') },
  })
  await assert.rejects(told, ({ code, stdout }: { code: number; stdout: string }) => {
    assert.equal(code, 1)
    assert.match(stdout, /^gcs: NOT installed: it is built with Go, and there is no no-such-go$/m)
    assert.match(
      stdout,
      /^mongo: NOT installed: it runs on Python, and there is no no-such-python$/m,
    )
    assert.match(stdout, /^no server is named nothing$/m)
    return true
  })
  assert.deepEqual(readdirSync(join(folder, 'cache')), [], 'nothing that looks like an install')
})
