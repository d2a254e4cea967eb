/** What dates and times read from a CSV field, and what they refuse with which words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { t } from '../../../engine/data/schema.ts'
import { values, reasons, ms } from './testing/one-field.ts'

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
