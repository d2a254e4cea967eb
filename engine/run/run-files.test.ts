/** Output folders: nothing is visible before commit, all of it after; partition values never leave the folder. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, normalize } from 'node:path'
import { after, test } from 'node:test'
import type { FileSink } from '../io/sink.ts'
import type { Node } from '../plan/node.ts'
import { hiveName } from './hive.ts'
import { OutputFolder } from './run-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-output-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const sinkAt = (uri: string): FileSink =>
  ({ uri, extension: '.txt', options: { overwrite: false } }) as unknown as FileSink
const outputAt = (uri: string, overwrite = false) =>
  new OutputFolder({ at: 'user.ts:3  .write' } as Node<'write'>, sinkAt(uri), {
    key: 'abcdef0123456789',
    overwrite,
  })

const visible = (path: string) =>
  existsSync(path) ? readdirSync(path, { recursive: true }).sort() : []

test('shards become visible together, by commit', async () => {
  const path = join(folder, 'sales')
  const output = outputAt(path)
  await output.prepare(false, false)
  const { path: a } = await output.shard('month=2011-01-01/', 0)
  writeFileSync(a, 'a')
  assert.deepEqual(visible(path), [])
  assert.ok(a.endsWith('.txt.part'))
  await output.commit()
  assert.deepEqual(visible(path), ['month=2011-01-01', 'month=2011-01-01/part-00000.txt'])
  assert.deepEqual(readdirSync(folder), [basename(path)])
})

test('an output that exists is refused, unless it is to be replaced', async () => {
  const path = join(folder, 'kept')
  mkdirSync(path)
  writeFileSync(join(path, 'precious'), 'x')
  await assert.rejects(outputAt(path).prepare(false, false), /output .* exists/)
  const output = outputAt(path, true)
  await output.prepare(false, false)
  writeFileSync((await output.shard('', 0)).path, 'new')
  assert.deepEqual(visible(path), ['precious'])
  await output.commit()
  assert.deepEqual(visible(path), ['part-00000.txt'])
})

test('a run that died between its two renames gives the old output back', async () => {
  const path = join(folder, 'swapped')
  mkdirSync(join(folder, '.swapped.millrace-abcdef012345.old'))
  writeFileSync(join(folder, '.swapped.millrace-abcdef012345.old', 'precious'), 'x')
  await assert.rejects(outputAt(path).prepare(false, false), /output .* exists/)
  assert.deepEqual(visible(path), ['precious'])
})

test('a partition value is one name inside the folder, whatever it holds', () => {
  const values = [
    '../../etc/passwd',
    'a/b\0c',
    '..',
    '.',
    '',
    'a=b',
    'x%2Fy',
    'Ä é',
    '\\..\\',
    'new\nline',
    '*?',
  ]
  const names = values.map(v => hiveName('k', v))
  for (const name of names) {
    assert.equal(normalize(name), name)
    assert.doesNotMatch(name.slice(2), /[/\\\0\n*?=]/)
    assert.notEqual(name.slice(2), '..')
  }
  assert.equal(new Set(names).size, values.length)
  assert.equal(hiveName('month', '2011-01-01'), 'month=2011-01-01')
  assert.equal(hiveName('k', null), 'k=__HIVE_DEFAULT_PARTITION__')
  assert.equal(hiveName('a/b', 'x'), 'a%2Fb=x')
})
