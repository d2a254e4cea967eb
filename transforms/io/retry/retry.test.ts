/** What may pass is tried again, with waits that grow and end; spans of time and Retry-After as people and services write them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../../engine/fault.ts'
import { durationMs } from './duration.ts'
import { jitteredMs, persisted, retryAfterMs } from './retry.ts'

const quick = { firstMs: 1, mostMs: 4, deadlineMs: 5000 }
const failing = (times: number) => {
  let asked = 0
  return async (attempt: number) => {
    assert.equal(attempt, ++asked)
    if (asked <= times) throw new Error(`failure ${asked}`)
    return asked
  }
}

test('until it succeeds, is final, or attempts or time are used up', async () => {
  const passes = () => 0
  assert.equal(await persisted(failing(5), { ...quick, passes }), 6)
  await assert.rejects(persisted(failing(9), { ...quick, attempts: 3, passes }), /failure 3/)
  const twice = (_: unknown, attempt: number) => (attempt < 2 ? 0 : null)
  await assert.rejects(persisted(failing(9), { ...quick, passes: twice }), /failure 2/)
  const started = performance.now()
  await assert.rejects(persisted(failing(9), { ...quick, passes: () => 60_000 }), /failure 1/)
  assert.ok(performance.now() - started < 2000, 'a wait beyond the deadline is not begun')
})

test('what is ended is not tried again, nor waited for', async () => {
  const ended = new AbortController()
  const o = { ...quick, deadlineMs: 100_000, signal: ended.signal }
  const waiting = persisted(failing(9), { ...o, passes: () => 50_000 })
  await new Promise(setImmediate)
  ended.abort()
  await assert.rejects(waiting, e => (e as Error).name === 'AbortError')
  await assert.rejects(persisted(failing(9), { ...o, passes: () => 0 }), /failure 1/)
})

test('waits are a random part of what doubles, up to the most', () => {
  const o = { firstMs: 100, mostMs: 1000 }
  assert.deepEqual(
    [0, 1, 3, 4, 60].map(n => jitteredMs(n, o, 1)),
    [100, 200, 800, 1000, 1000],
  )
  assert.equal(jitteredMs(2, o, 0.5), 200)
})

test('Retry-After: seconds, a date, or nothing', () => {
  const now = Date.parse('2026-01-31T12:00:00Z')
  const of = (text: string | null | undefined) => retryAfterMs(text, now)
  assert.deepEqual([of('3'), of(' 0.5 '), of('Sat, 31 Jan 2026 12:00:09 GMT')], [3000, 500, 9000])
  assert.deepEqual(
    [of('Sat, 31 Jan 2026 11:00:00 GMT'), of('soon'), of(''), of(null)],
    [0, null, null, null],
  )
  assert.equal(of(undefined), null)
})

test('spans of time', () => {
  const texts = ['90s', '1.5h', '10 min', '250ms', '2d']
  assert.deepEqual(
    texts.map(t => durationMs('x', t)),
    [90_000, 5_400_000, 600_000, 250, 172_800_000],
  )
  assert.equal(durationMs('x', '0s', 0), 0)
  for (const bad of ['0s', '10', 'soon', '-1s', '1e3s', `${'9'.repeat(30)}d`])
    assert.throws(() => durationMs('x', bad), Fault, bad)
})
