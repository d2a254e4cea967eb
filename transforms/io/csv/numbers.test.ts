/** What each kind of number reads from a CSV field, and what it refuses with which words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { t } from '../../../engine/data/schema.ts'
import { values, reasons } from './testing/one-field.ts'

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
