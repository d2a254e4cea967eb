/** What bool, text and bytes read from a CSV field; how rows are judged, and what a reject says. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { schemaOf, t } from '../../../engine/data/schema.ts'
import { readAll } from '../files/testing/read-all.ts'
import { CsvFiles } from './source.ts'
import { file, values, reasons } from './testing/one-field.ts'

test('bool', async () => {
  assert.deepEqual(await values(t.bool, ['true', 'FALSE', '1', '0', 't', 'F', 'Yes', 'no']), [
    true,
    false,
    true,
    false,
    true,
    false,
    true,
    false,
  ])
  assert.deepEqual(
    await reasons(t.bool, ['2', '', 'si']),
    ['2', '', 'si'].map(x => `expected bool, got "${x}"`),
  )
})

test('utf8, oneOf and bytes', async () => {
  assert.deepEqual(
    await values(t.utf8, ['a', '', '""', '"a ""b"""', ' x ', 'é😀', 'a"b', '"l1\nl2"', 'NA']),
    ['a', '', '', 'a "b"', ' x ', 'é😀', 'a"b', 'l1\nl2', 'NA'],
  )
  assert.deepEqual(
    await values(t.utf8.nullable, ['a', '', '""', 'NA', '"NA"'], { nulls: ['', 'NA'] }),
    ['a', null, '', null, 'NA'],
  )
  assert.deepEqual(
    await values(t.int32.nullable, ['NA', ' NA ', '"NA"', '', '""', ' ', '-1'], {
      nulls: ['', 'NA', '-1'],
    }),
    Array(7).fill(null),
  )
  assert.deepEqual(await values(t.oneOf('red', 'blue').nullable, ['red', '', 'blue', '"red"']), [
    'red',
    null,
    'blue',
    'red',
  ])
  assert.deepEqual(await reasons(t.oneOf('red', 'blue'), ['green', '']), [
    'expected oneOf("red","blue"), got "green"',
    'expected oneOf("red","blue"), got ""',
  ])
  assert.deepEqual(
    await values(t.bytes, ['AAEC', '/w==', '/w', '']),
    [[0, 1, 2], [255], [255], []].map(b => Uint8Array.from(b)),
  )
  assert.deepEqual(await reasons(t.bytes, ['A', '!!!!']), [
    'expected bytes, got "A" (as base64)',
    'expected bytes, got "!!!!" (as base64)',
  ])
})

test('what is not UTF-8 is refused, read or not; latin1 is read as Windows-1252', async () => {
  const pound = Buffer.from([0xa3, 0x35, 0x80])
  assert.deepEqual(await reasons(t.utf8, [pound]), ['not UTF-8'])
  assert.deepEqual(
    await values(t.utf8, [pound, '"a""b"', Buffer.from([0x22, 0xe9, 0x22, 0x22, 0x22])], {
      encoding: 'latin1',
    }),
    ['£5€', 'a"b', 'é"'],
  )
  writeFileSync(file, Buffer.concat([Buffer.from('id,v\nok,1\n'), pound, Buffer.from(',2\n')]))
  const schema = schemaOf([
    { name: 'id', kind: t.utf8 },
    { name: 'v', kind: t.int32 },
  ])
  const got = await readAll(new CsvFiles(file, schema, {}), { wanted: [false, true] })
  assert.equal(got.rejects.length, 1)
  assert.equal(got.rejects[0]?.column, 'id')
})

test('a row is judged as a whole, whatever is read of it', async () => {
  writeFileSync(file, 'a,b,c\n1,x,q\n2,2011-01-01,q\nx,2011-01-01,z\n')
  const schema = schemaOf([
    { name: 'a', kind: t.int32 },
    { name: 'b', kind: t.date },
    { name: 'c', kind: t.oneOf('q') },
  ])
  const all = await readAll(new CsvFiles(file, schema, {}))
  const none = await readAll(new CsvFiles(file, schema, {}), { wanted: [false, false, false] })
  assert.deepEqual(
    all.rejects.map(r => [r.line, r.column]),
    [
      [2, 'b'],
      [4, 'a'],
    ],
  )
  assert.deepEqual(none, all)
})

test('a reject tells file, line, offset and text', async () => {
  writeFileSync(file, '\ufeffid,v\r\na,1\r\n\r\n"b\n",2\r\nc,12x\r\nd\r\n')
  const schema = schemaOf([
    { name: 'id', kind: t.utf8 },
    { name: 'v', kind: t.int32 },
  ])
  const { rows, rejects } = await readAll(new CsvFiles(file, schema, {}))
  assert.deepEqual(rows, [
    { id: 'a', v: 1 },
    { id: 'b\n', v: 2 },
  ])
  assert.deepEqual(rejects, [
    {
      reason: 'expected int32, got "12x"',
      column: 'v',
      uri: file,
      line: 6,
      offset: 24,
      raw: 'c,12x',
    },
    { reason: 'expected 2 fields, got 1', column: null, uri: file, line: 7, offset: 31, raw: 'd' },
  ])
})
