/** Intervals cut time without gap or overlap, also where a clock is put forward or back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../fault.ts'
import { Cron } from './cron.ts'
import { type Every, intervalFrom, intervalsWithin, lastComplete, timeText } from './interval.ts'

const at = (text: string): number => Date.parse(text)
const times = (cron: string, zone: string, from: string, count: number): string[] => {
  const all = new Cron(cron, zone)
  const found: string[] = []
  for (let ms = at(from); found.length < count; ) {
    ms = all.after(ms) as number
    found.push(timeText(ms))
  }
  return found
}

test('the last interval that has ended, by hour, day and month', () => {
  const last = (every: Every, now: string) => {
    const { start, end } = lastComplete(every, at(now))
    return [timeText(start), timeText(end)]
  }
  assert.deepEqual(last('hour', '2026-11-21T10:00:00Z'), ['2026-11-21T09:00Z', '2026-11-21T10:00Z'])
  assert.deepEqual(last('hour', '2026-11-21T10:59:59Z'), ['2026-11-21T09:00Z', '2026-11-21T10:00Z'])
  assert.deepEqual(last('day', '2026-03-01T00:00:01Z'), ['2026-02-28T00:00Z', '2026-03-01T00:00Z'])
  assert.deepEqual(last('month', '2026-01-31T12:00Z'), ['2025-12-01T00:00Z', '2026-01-01T00:00Z'])
  const cron = { cron: '15 6 * * mon-fri', timeZone: 'Europe/Berlin' }
  // A Monday morning: the interval is from Friday on.
  assert.deepEqual(last(cron, '2026-11-23T05:20Z'), ['2026-11-20T05:15Z', '2026-11-23T05:15Z'])
})

test('fields: lists, ranges, steps, words, and either of two days', () => {
  assert.deepEqual(times('*/20 3,4 * * *', 'UTC', '2026-01-01T03:30Z', 4), [
    '2026-01-01T03:40Z',
    '2026-01-01T04:00Z',
    '2026-01-01T04:20Z',
    '2026-01-01T04:40Z',
  ])
  assert.deepEqual(times('0 0 29 feb *', 'UTC', '2026-01-01T00:00Z', 1), ['2028-02-29T00:00Z'])
  const either = ['2026-06-05T00:00Z', '2026-06-12T00:00Z', '2026-06-13T00:00Z']
  assert.deepEqual(times('0 0 13 * fri', 'UTC', '2026-06-01T00:00Z', 3), either)
  assert.deepEqual(times('0 0 * * 7', 'UTC', '2026-06-01T00:00Z', 1), ['2026-06-07T00:00Z'])
})

test('the clock is put forward: what is left out comes an hour later; and back: once, or each hour', () => {
  const zone = 'Europe/Berlin'
  assert.deepEqual(times('30 2 * * *', zone, '2026-03-28T12:00Z', 2), [
    '2026-03-29T01:30Z',
    '2026-03-30T00:30Z',
  ])
  assert.deepEqual(times('30 2 * * *', zone, '2026-10-24T12:00Z', 2), [
    '2026-10-25T00:30Z',
    '2026-10-26T01:30Z',
  ])
  assert.deepEqual(times('0 * * * *', zone, '2026-10-25T00:00Z', 3), [
    '2026-10-25T01:00Z',
    '2026-10-25T02:00Z',
    '2026-10-25T03:00Z',
  ])
  const hours = intervalsWithin(
    { cron: '0 * * * *', timeZone: zone },
    { start: at('2026-03-28T00:00Z'), end: at('2026-03-30T00:00Z') },
    at('2027-01-01T00:00Z'),
  )
  assert.equal(hours.length, 48)
})

test('any cron line: each interval ends where the next begins, and both ways find the same bounds', () => {
  const lines = ['7 * * * *', '*/7 */5 * * *', '0 4 1,15 * *', '59 23 * * sun', '0 2,3 * * *']
  for (const line of lines)
    for (const zone of ['America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata']) {
      const cron = new Cron(line, zone)
      let ms = at('2026-02-20T00:00Z')
      for (let i = 0; i < 200; i++) {
        const next = cron.after(ms) as number
        assert.ok(next > ms)
        assert.equal(cron.upTo(next), next)
        if (i > 0) assert.equal(cron.upTo(next - 1), ms, `${line} ${zone} ${timeText(next)}`)
        ms = next
      }
    }
})

const now = at('2026-11-21T10:30Z')
const BAD: readonly (readonly [string, () => unknown, RegExp])[] = [
  [
    'no start',
    () => intervalFrom('hour', at('2026-11-21T09:10Z'), now),
    /no interval begins at 2026-11-21T09:10Z/,
  ],
  ['not ended', () => intervalFrom('hour', at('2026-11-21T10:00Z'), now), /has not ended/],
  [
    'not ended, in a backfill',
    () => intervalsWithin('day', { start: at('2026-11-20'), end: at('2026-11-23') }, now),
    /2026-11-21T00:00Z\/2026-11-22T00:00Z has not ended/,
  ],
  [
    'none within',
    () => intervalsWithin('day', { start: at('2026-11-20T01:00Z'), end: at('2026-11-21') }, now),
    /no whole interval/,
  ],
  [
    'upside down',
    () => intervalsWithin('day', { start: at('2026-11-20'), end: at('2026-11-19') }, now),
    /no whole interval/,
  ],
  ['four fields', () => new Cron('* * * *', 'UTC'), /has 4 fields/],
  ['a minute of 60', () => new Cron('60 * * * *', 'UTC'), /"60" is no minute/],
  ['a range upside down', () => new Cron('0 5-3 * * *', 'UTC'), /"5-3" is no hour/],
  ['a step of 0', () => new Cron('*/0 * * * *', 'UTC'), /is no minute/],
  ['a day that never comes', () => new Cron('0 0 31 2 *', 'UTC'), /never comes/],
  ['a zone', () => new Cron('0 0 * * *', 'Mars/Olympus'), /time zone "Mars\/Olympus"/],
  ['a word', () => lastComplete('week' as never, now), /is no interval/],
]
for (const [name, call, message] of BAD)
  test(`refused: ${name}`, () => {
    assert.throws(call, error => {
      assert.ok(error instanceof Fault && error.kind === 'pipeline', String(error))
      assert.match(error.message, message)
      return true
    })
  })
