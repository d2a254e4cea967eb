/** Each server starts, answers its official client through what it hands over, and ends with its tests. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { S3Client } from '@aws-sdk/client-s3'
import { folderFor, launch } from './process.ts'
import { accepts } from './server.ts'
import { NAMES, needs, serverOf, start } from './services.ts'
import * as talk from './talk.ts'

const UNTIL_MS = 15_000

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
