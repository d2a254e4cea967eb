/** The ledger in a folder: what is swapped is swapped by one, whatever else is at work. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Fault } from '../../fault.ts'
import { LedgerFolder } from './folder.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-ledger-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const bytes = (text: string): Uint8Array => Buffer.from(text)
const NAME = 'series/shop/a.json'

test('put and get; swap over the version that was read, once', async () => {
  const values = new LedgerFolder(join(folder, 'one'))
  assert.equal(await values.get(NAME), null)
  assert.equal(await values.swap(NAME, bytes('a'), null), '1')
  assert.equal(await values.swap(NAME, bytes('b'), null), null, 'there is one')
  assert.equal(await values.swap(NAME, bytes('b'), '1'), '2')
  assert.equal(await values.swap(NAME, bytes('c'), '1'), null, 'it is another one by now')
  const kept = await values.get(NAME)
  assert.deepEqual([Buffer.from(kept?.bytes ?? []).toString(), kept?.version], ['b', '2'])
  await values.put('runs/shop/r.json', bytes('x'))
  await values.put('runs/shop/r.json', bytes('y'))
  const record = await values.get('runs/shop/r.json')
  assert.equal(Buffer.from(record?.bytes ?? []).toString(), 'y')
})

test('a version that was overtaken long ago cannot be swapped, though its number is free again', async () => {
  const values = new LedgerFolder(join(folder, 'old'))
  let version: string | null = null
  for (let i = 0; i < 50; i++) version = await values.swap(NAME, bytes(String(i)), version)
  const kept = readdirSync(join(folder, 'old', NAME))
  assert.ok(kept.length <= 33, `${kept.length} versions are kept`)
  for (const over of [null, '1', '5', '17'])
    assert.equal(await values.swap(NAME, bytes('z'), over), null)
  assert.equal(Buffer.from((await values.get(NAME))?.bytes ?? []).toString(), '49')
})

test('processes that swap at once: none is lost, none counts twice', async () => {
  const place = join(folder, 'race')
  const adder = fileURLToPath(new URL('testing/adder.ts', import.meta.url))
  const words = ['--conditions=millrace-source', adder, place, '25']
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, words, { stdio: 'inherit' }),
  )
  const codes = await Promise.all(children.map(async child => (await once(child, 'close'))[0]))
  assert.deepEqual(codes, [0, 0, 0, 0])
  const kept = await new LedgerFolder(place).get('series/race/counter.json')
  assert.equal(Buffer.from(kept?.bytes ?? []).toString(), '100')
  assert.deepEqual(readdirSync(join(place, 'making')), [], 'something is left')
})

test('names are listed in their order, values that are swapped too; nothing else', async () => {
  const values = new LedgerFolder(join(folder, 'list'))
  for (const name of ['runs/b/2.json', 'runs/a/1.json', 'runs/b/1.json'])
    await values.put(name, bytes('x'))
  await values.swap('series/a/s.json', bytes('x'), null)
  const names = async (prefix: string) => (await Array.fromAsync(values.list(prefix))).flat()
  assert.deepEqual(await names('runs/'), ['runs/a/1.json', 'runs/b/1.json', 'runs/b/2.json'])
  assert.deepEqual(await names('runs/b/'), ['runs/b/1.json', 'runs/b/2.json'])
  assert.deepEqual(await names('series/'), ['series/a/s.json'])
  assert.deepEqual(await names('intervals/'), [])
})

test('the folder is the user’s alone', async () => {
  const place = join(folder, 'private')
  const values = new LedgerFolder(place)
  await values.put('runs/a/1.json', bytes('x'))
  await values.swap(NAME, bytes('x'), null)
  for (const path of ['.', 'runs', 'runs/a', 'series', NAME, 'making'])
    assert.equal(statSync(join(place, path)).mode & 0o777, 0o700, path)
  for (const path of ['runs/a/1.json', `${NAME}/000001`, '.gitignore'])
    assert.equal(statSync(join(place, path)).mode & 0o777, 0o600, path)
})

test('a name that leads out of the folder is refused', async () => {
  const values = new LedgerFolder(join(folder, 'names'))
  for (const name of [
    '../x.json',
    'a/../../x.json',
    '/x.json',
    'a//x.json',
    'A.json',
    'a\\b.json',
    './a.json',
  ])
    await assert.rejects(values.put(name, bytes('x')), /is no name in the run ledger/, name)
})

test('a place that cannot be written: a resource fault that names it', async () => {
  const path = join(folder, 'file')
  writeFileSync(path, '')
  await assert.rejects(new LedgerFolder(path).put('runs/a/1.json', bytes('x')), error => {
    assert.ok(error instanceof Fault && error.kind === 'resource', String(error))
    assert.ok(error.message.includes(path), error.message)
    return true
  })
})
