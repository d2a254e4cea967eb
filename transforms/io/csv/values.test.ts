/** What each kind reads from a CSV field, and what it refuses with which words. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Kind } from '../../../engine/data/kind.ts'
import { schemaOf, t } from '../../../engine/data/schema.ts'
import { folderOf, readAll } from '../files/testing/read-all.ts'
import type { CsvSource } from './options.ts'
import { CsvFiles } from './source.ts'

const folder = folderOf({})
after(() => folder.remove())
const file = join(folder.path, 'v.csv')

type Options = CsvSource<Record<string, Kind>>

/** Each text alone in the second field of its row. */
async function read(kind: Kind, texts: readonly (string | Buffer)[], options: Options = {}) {
  const rows = texts.map(text =>
    Buffer.concat([Buffer.from('r,'), Buffer.from(text as string), Buffer.from('\n')]),
  )
  writeFileSync(file, Buffer.concat([Buffer.from('id,v\n'), ...rows]))
  const schema = schemaOf([
    { name: 'id', kind: t.utf8 },
    { name: 'v', kind },
  ])
  return readAll(new CsvFiles(file, schema, options), { rowsPerBatch: 3 })
}

async function values(
  kind: Kind,
  texts: readonly (string | Buffer)[],
  options?: Options,
): Promise<unknown[]> {
  const { rows, rejects } = await read(kind, texts, options)
  assert.deepEqual(rejects, [])
  return rows.map(r => r.v)
}

async function reasons(
  kind: Kind,
  texts: readonly (string | Buffer)[],
  options?: Options,
): Promise<string[]> {
  const { rows, rejects } = await read(kind, texts, options)
  assert.deepEqual(rows, [])
  return rejects.map(r => {
    assert.equal(r.column, 'v')
    return r.reason
  })
}

const ms = (iso: string): number => Date.parse(iso)

test('int32', async () => {
  const texts = [
    '0',
    '-7',
    '+5',
    ' 12 ',
    '17850.0',
    '3.',
    '2147483647',
    '-2147483648',
    '"8"',
    '\t9',
    '0000000000012',
  ]
  assert.deepEqual(
    await values(t.int32, texts),
    [0, -7, 5, 12, 17850, 3, 2147483647, -2147483648, 8, 9, 12],
  )
  assert.deepEqual(
    await reasons(t.int32, ['12x', '', '2147483648', '1.5', '-', '1e3', '"1""2"', '٣']),
    [
      'expected int32, got "12x"',
      'expected int32, got ""',
      'expected int32, got "2147483648" (out of range)',
      'expected int32, got "1.5"',
      'expected int32, got "-"',
      'expected int32, got "1e3"',
      'expected int32, got "1\\"2"',
      'expected int32, got "٣"',
    ],
  )
})

test('int64 and bigint', async () => {
  assert.deepEqual(
    await values(t.int64, ['9007199254740991', '-123456789012345', '5']),
    [9007199254740991, -123456789012345, 5],
  )
  assert.deepEqual(await reasons(t.int64, ['9007199254740993']), [
    'expected int64, got "9007199254740993" (past 2^53)',
  ])
  assert.deepEqual(await values(t.bigint.nullable, ['9223372036854775807', '-1', '', '+2']), [
    9223372036854775807n,
    -1n,
    null,
    2n,
  ])
  assert.deepEqual(await reasons(t.bigint, ['9223372036854775808', 'x']), [
    'expected bigint, got "9223372036854775808" (out of range)',
    'expected bigint, got "x"',
  ])
})

test('floats are rounded as JavaScript rounds them', async () => {
  const texts = [
    '1.5',
    '-0.1',
    '1e3',
    '+5',
    '.5',
    '5.',
    '0.30000000000000004',
    '123456789.123456789',
    '1E-7',
    '179769313486231570000e288',
    'NaN',
    '-inf',
    '4.35',
    '2.675',
    '0.000001',
    '-0',
  ]
  const expected = [
    1.5,
    -0.1,
    1000,
    5,
    0.5,
    5,
    0.30000000000000004,
    123456789.12345679,
    1e-7,
    1.7976931348623157e308,
    Number.NaN,
    -Infinity,
    4.35,
    2.675,
    0.000001,
    -0,
  ]
  assert.deepEqual(await values(t.float64, texts), expected)
  assert.deepEqual(await values(t.float32, ['0.1', '16777217']), [Math.fround(0.1), 16777216])
  assert.deepEqual(await reasons(t.float32, ['1e39']), [
    'expected float32, got "1e39" (out of range)',
  ])
  assert.deepEqual(
    await reasons(
      t.float64,
      ['0x10', '1,5', '', '1..5', '.', '1_000', '1e999'].map(x => (x.includes(',') ? `"${x}"` : x)),
    ),
    [
      'expected float64, got "0x10"',
      'expected float64, got "1,5"',
      'expected float64, got ""',
      'expected float64, got "1..5"',
      'expected float64, got "."',
      'expected float64, got "1_000"',
      'expected float64, got "1e999" (out of range)',
    ],
  )
})

test('random floats agree with Number', async () => {
  const texts = Array.from({ length: 3000 }, (_, i) =>
    ((Math.random() - 0.5) * 10 ** ((i % 21) - 8)).toFixed(i % 18),
  )
  assert.deepEqual(await values(t.float64, texts), texts.map(Number))
})

test('decimals are exact', async () => {
  const kind = t.decimal(10, 3)
  const texts = [
    '2.55',
    '-0.001',
    '7',
    '1.2000',
    '1e3',
    '.5',
    '9999999.999',
    ' 3.1 ',
    '+4',
    '1.5e-2',
    '-0',
  ]
  assert.deepEqual(
    await values(kind, texts),
    [2.55, -0.001, 7, 1.2, 1000, 0.5, 9999999.999, 3.1, 4, 0.015, 0],
  )
  assert.deepEqual(
    await reasons(kind, ['1.2345', '10000000', '1e9', 'abc', '', '-', '.', '1.2.3']),
    [
      'expected decimal(10,3), got "1.2345" (would be rounded)',
      'expected decimal(10,3), got "10000000" (out of range)',
      'expected decimal(10,3), got "1e9" (out of range)',
      'expected decimal(10,3), got "abc"',
      'expected decimal(10,3), got ""',
      'expected decimal(10,3), got "-"',
      'expected decimal(10,3), got "."',
      'expected decimal(10,3), got "1.2.3"',
    ],
  )
  const wide = t.decimal(38, 10).nullable
  assert.deepEqual(await values(wide, ['1234567890123456789012345678.0123456789', '', '-1']), [
    12345678901234567890123456780123456789n,
    null,
    -10000000000n,
  ])
})

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

test('date', async () => {
  const dates = [
    '2011-01-31',
    '1969-12-31',
    '2000-02-29',
    '0001-01-01',
    '9999-12-31',
    ' 2011-01-31 ',
    '2011-01-31 00:00:00',
  ]
  assert.deepEqual(
    await values(t.date, dates),
    dates.map(d => ms(`${d.trim().slice(0, 10)}T00:00:00Z`)),
  )
  assert.deepEqual(
    await reasons(t.date, [
      '2011-02-31',
      '2011-13-01',
      '1900-02-29',
      '31.1.2011',
      '2011-01-31 10:00',
      '2011-1-1',
      '',
      '2011-01-0x',
    ]),
    [
      'expected date, got "2011-02-31" (there is no such day)',
      'expected date, got "2011-13-01" (there is no such day)',
      'expected date, got "1900-02-29" (there is no such day)',
      'expected date, got "31.1.2011"',
      'expected date, got "2011-01-31 10:00" (has a time of day)',
      'expected date, got "2011-1-1"',
      'expected date, got ""',
      'expected date, got "2011-01-0x"',
    ],
  )
})

test('timestamp', async () => {
  const texts = [
    '2010-12-01 08:26:00',
    '2010-12-01T08:26',
    '2010-12-01',
    '2010-12-01 08:26:00.5',
    '2010-12-01T08:26:00Z',
    '2010-12-01T08:26:00.123Z',
    '2010-12-01T08:26:00+02:00',
    '2010-12-01 08:26:00-0530',
    '1960-01-01 00:00:01',
    '2010-12-01 08:26:00.000250',
  ]
  const expected = [
    '2010-12-01T08:26:00Z',
    '2010-12-01T08:26:00Z',
    '2010-12-01T00:00:00Z',
    '2010-12-01T08:26:00.5Z',
    '2010-12-01T08:26:00Z',
    '2010-12-01T08:26:00.123Z',
    '2010-12-01T06:26:00Z',
    '2010-12-01T13:56:00Z',
    '1960-01-01T00:00:01Z',
  ].map(ms)
  assert.deepEqual(await values(t.timestamp, texts), [
    ...expected,
    ms('2010-12-01T08:26:00Z') + 0.25,
  ])
  assert.deepEqual(
    await reasons(t.timestamp, [
      '2010-12-01 24:00:00',
      '2010-12-01 08:60:00',
      '2010-02-30 08:00:00',
      '2010-12-01 08:26:61',
      'soon',
      '2010-12-01 08:26:00.0000001',
      '2010/12/01',
      '2010-12-01T08:26:00.1x3Z',
      '2010-12-01x08:26:00',
    ]),
    [
      'expected timestamp, got "2010-12-01 24:00:00" (there is no such time of day)',
      'expected timestamp, got "2010-12-01 08:60:00" (there is no such time of day)',
      'expected timestamp, got "2010-02-30 08:00:00" (there is no such day)',
      'expected timestamp, got "2010-12-01 08:26:61" (there is no such time of day)',
      'expected timestamp, got "soon"',
      'expected timestamp, got "2010-12-01 08:26:00.0000001" (would be rounded to microseconds)',
      'expected timestamp, got "2010/12/01"',
      'expected timestamp, got "2010-12-01T08:26:00.1x3Z"',
      'expected timestamp, got "2010-12-01x08:26:00"',
    ],
  )
})

test('far times', async () => {
  assert.deepEqual(
    await values(t.timestamp, ['9999-12-31 23:59:59', '0001-01-01T00:00:00Z']),
    ['9999-12-31T23:59:59Z', '0001-01-01T00:00:00Z'].map(ms),
  )
  for (const text of ['9999-12-31 23:59:59.999', '9999-12-31T23:59:59.999Z'])
    assert.match((await reasons(t.timestamp, [text]))[0] as string, /too far from 1970/)
})

test('datetime takes no zone', async () => {
  assert.deepEqual(await values(t.datetime, ['2010-12-01 08:26:00']), [ms('2010-12-01T08:26:00Z')])
  const [reason] = await reasons(t.datetime, ['2010-12-01T08:26:00Z'])
  assert.match(reason as string, /has a zone/)
})

test('formats and zones', async () => {
  const read = (texts: string[], format: string, timeZone?: string) =>
    values(t.timestamp, texts, { formats: { v: format }, ...(timeZone ? { timeZone } : {}) })
  assert.deepEqual(
    await read(['1/12/2010 8:26', '31/1/2011 14:05', '1/12/2010 8:26'], 'd/M/yyyy H:mm'),
    ['2010-12-01T08:26Z', '2011-01-31T14:05Z', '2010-12-01T08:26Z'].map(ms),
  )
  assert.deepEqual(await read(['Jan 5 99 1:02:03 pm'], 'MMM d yy h:mm:ss a'), [
    ms('1999-01-05T13:02:03Z'),
  ])
  assert.deepEqual(await read(['20110131'], 'yyyyMMdd'), [ms('2011-01-31T00:00:00Z')])
  const refused = await reasons(t.timestamp, ['31/2/2011 1:00', '2011-01-01'], {
    formats: { v: 'd/M/yyyy H:mm' },
  })
  assert.deepEqual(refused, [
    'expected timestamp, got "31/2/2011 1:00" (there is no such day)',
    'expected timestamp, got "2011-01-01"',
  ])
  const zoned = await values(
    t.timestamp,
    ['2011-01-31 10:00:00', '2011-07-31 10:00:00', '2011-07-31T10:00:00Z', '2011-03-27 01:30:00'],
    { timeZone: 'Europe/London' },
  )
  assert.deepEqual(
    zoned,
    ['2011-01-31T10:00Z', '2011-07-31T09:00Z', '2011-07-31T10:00Z', '2011-03-27T01:30Z'].map(ms),
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
