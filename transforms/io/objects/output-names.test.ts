/** How objects of outputs are named, where they hide, and which folders are outputs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hiddenName } from './hidden.ts'
import { folderOf } from './output-folder.ts'
import { hiddenOf, isNamed, isOf, namesOf, objectName } from './output-names.ts'
import { partsOf } from './s3-upload.ts'

test('a run and what it replaces give its names; another of either gives others', () => {
  const first = namesOf('run', null)
  assert.match(first, /^[0-9a-f]{16}$/)
  assert.equal(namesOf('run', null), first)
  const over = namesOf('run', first)
  assert.equal(new Set([first, over, namesOf('run', over), namesOf('other', null)]).size, 4)
})

test('an object is known by its run, whatever folder it is in, and others are not taken for one', () => {
  const names = namesOf('run', null)
  const name = objectName(12, names, '.csv.gz')
  assert.equal(name, `part-00012-${names.slice(0, 12)}.csv.gz`)
  assert.equal(objectName(1_234_567, names, '.csv').split('-')[1], '1234567')
  assert.ok(isOf(`gs://b/out/month=1/${name}`, names))
  assert.ok(!isOf(`gs://b/out/${name}`, namesOf('other', null)))
  for (const other of ['part-00000.csv', 'part-00000-notahexnumber.csv', `x-${name}`, `${name}/x`])
    assert.ok(!isNamed(`gs://b/out/${other}`), other)
})

test('what is hidden lies in the output, at the same place below', () => {
  const hidden = hiddenOf('gs://b/_millrace/out/', 'abc')
  assert.equal(hidden, 'gs://b/_millrace/out/_millrace/abc/')
  assert.equal(
    hiddenName('gs://b/_millrace/out/month=1/p.csv', hidden),
    'gs://b/_millrace/out/_millrace/abc/month=1/p.csv',
  )
})

test('an output is a folder of a bucket, its name as it is', () => {
  assert.equal(folderOf('gs://bkt/a b#c?/50%/..//'), 'gs://bkt/a b#c?/50%/..')
  assert.equal(folderOf('S3://bkt/x/'), 's3://bkt/x')
  for (const [uri, said] of [
    ['gs://bkt', /whole bucket/],
    ['gs://bkt//', /whole bucket/],
    ['s3://', /names no bucket/],
    ['https://host/x', /cannot be written to/],
  ] as const)
    assert.throws(() => folderOf(uri), said)
})

test('parts of an upload cover the file: one where it is empty, never more than the service takes', () => {
  assert.deepEqual(partsOf(0), [{ number: 1, start: 0, end: 0 }])
  for (const bytes of [1, 16 << 20, (16 << 20) + 1, 5e9, 4.9e12]) {
    const parts = partsOf(bytes)
    assert.ok(parts.length <= 9000)
    assert.equal(parts.at(-1)?.end, bytes)
    for (const [i, { number, start, end }] of parts.entries()) {
      assert.equal(number, i + 1)
      assert.equal(start, parts[i - 1]?.end ?? 0)
      assert.ok(end > start)
    }
  }
})
