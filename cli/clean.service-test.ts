/** `millrace clean` on what killed runs left in object stores, and beside local folders. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  bucketOn,
  folder,
  KINDS,
  leftIn,
  namesIn,
  serviceOf,
} from '../test/services/objects/buckets.ts'
import { watching } from '../test/services/objects/watching.ts'
import { linesIn } from '../test/services/objects/lines.ts'
import { needs } from '../test/services/services.ts'
import { command, start } from '../test/faults/command.ts'
import { startOf } from '../engine/run/checkpoint/process-start.ts'
import { storeOf } from '../transforms/io/objects/store-of.ts'

let input = ''
const words = (output: string): string[] => [
  ...['run', 'test/services/objects/outputs-pipeline.ts', '--input', input, '--output', output],
]

before(() => {
  input = linesIn(join(folder(), 'lines'), { rows: 3000, files: 2 })
})

for (const kind of KINDS)
  test(`${kind}: shows what a killed run left, removes it where it is told to, and no output`, async t => {
    if (!needs(t, kind)) return
    const bucket = await bucketOn(kind, 'clean')
    const out = `${bucket}/all/dead`
    const whole = `${bucket}/all/whole`
    assert.equal((await start(words(whole)).ended).code, 0)
    const standing = await namesIn(`${whole}/`)
    const { uri } = await serviceOf(kind)
    // Killed as its last commit begins: some objects are shown, some are only sent.
    let shown = 0
    const proxy = await watching(uri, ({ method, url }) => {
      const shows = /rewriteTo/.test(url) || (method === 'POST' && /uploadId=/.test(url))
      if (shows && ++shown === 5) process.kill(-(dying.child.pid as number), 'SIGKILL')
      // Many are under way at once: those after the fifth are not carried out.
      return !(shows && shown >= 5)
    })
    const env = kind === 'gcs' ? { STORAGE_EMULATOR_HOST: proxy } : { AWS_ENDPOINT_URL_S3: proxy }
    const dying = start(words(out), env)
    assert.notEqual((await dying.ended).code, 0)
    const young = await command('clean', `${bucket}/all`)
    assert.match(young.out, /dead runs left nothing/)
    const left = await settled(`${out}/`)
    const told = await command('clean', `${bucket}/all`, '--older-than', '0')
    assert.equal(told.code, 0, told.err)
    assert.match(told.out, /what +size +age +where/)
    assert.match(told.out, /mark of a run .*dead\/days\?\/_millrace\/unfinished\.json/)
    assert.match(told.out, kind === 'gcs' ? /sent, never shown/ : /upload, never completed/)
    assert.match(told.out, /\d+ leftovers, .*; nothing was removed: add --yes/)
    assert.deepEqual(await namesIn(`${out}/`), left)

    const done = await command('clean', `${bucket}/all`, '--older-than', '0', '--yes')
    assert.match(done.out, /\d+ leftovers, .*: removed/, done.err)
    assert.deepEqual(await namesIn(`${out}/`), [])
    const store = await storeOf(bucket)
    assert.deepEqual(await leftIn(store, `${bucket}/all/`, `${bucket}/all/`), [])
    assert.deepEqual(await namesIn(`${whole}/`), standing)
    assert.equal((await start(words(out)).ended).code, 0)
  })

/** The names there once the server has ended what was under way when the run was killed. */
async function settled(uri: string): Promise<string[]> {
  for (let before: string[] = []; ; await sleep(1000)) {
    const now = await namesIn(uri)
    if (now.length > 0 && now.join() === before.join()) return now
    before = now
  }
}

test('a local folder: what was being built and marks go, an output moved aside comes back', async () => {
  const base = join(folder(), 'local')
  const [dead, gone, live] = ['dead', 'gone', 'live'].map(name => join(base, name))
  for (const path of [dead, gone, live]) mkdirSync(path as string, { recursive: true })
  mkdirSync(join(dead as string, '.sales.millrace-abcdef012345'))
  writeFileSync(join(dead as string, '.sales.millrace-abcdef012345', 'part-0.csv.part'), 'xyz')
  writeFileSync(join(dead as string, '.millrace-0123456789abcdef.unfinished'), 'process 999999\n')
  mkdirSync(join(gone as string, '.sales.millrace-abcdef012345.old'))
  mkdirSync(join(live as string, '.sales.millrace-abcdef012345'))
  const mark = `process ${process.pid}\nstarted ${startOf(process.pid)}\n`
  writeFileSync(join(live as string, '.millrace-0123456789abcdef.unfinished'), mark)
  const days = (path: string) => utimesSync(path, Date.now() / 1000 - 2e5, Date.now() / 1000 - 2e5)
  for (const path of [dead, gone, live])
    for (const name of readdirSync(path as string)) days(join(path as string, name))

  const told = await command('clean', dead as string)
  assert.match(told.out, /files being built +3 B +2 d/)
  assert.match(told.out, /2 leftovers/)
  await command('clean', dead as string, '--yes')
  assert.deepEqual(readdirSync(dead as string), [])
  await command('clean', join(gone as string, 'sales'), '--yes')
  assert.deepEqual(readdirSync(gone as string), ['sales'])
  const busy = await command('clean', live as string, '--yes')
  assert.match(busy.out, /a run is at work there/)
  assert.ok(existsSync(join(live as string, '.sales.millrace-abcdef012345')))
})

test('a bucket that is not there, a whole bucket, and no folder', async t => {
  if (!needs(t, 's3')) return
  await bucketOn('s3', 'clean')
  const missing = await command('clean', 's3://nowhere-at-all/out')
  assert.equal(missing.code, 1)
  assert.match(missing.err, /nowhere-at-all\/out cannot be listed: there is no such bucket/)
  assert.equal((await command('clean', 's3://clean')).code, 2)
  assert.equal((await command('clean')).code, 2)
})
