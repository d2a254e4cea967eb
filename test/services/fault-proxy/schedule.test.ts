/** The schedule of faults repeats by its seed, does not depend on the order of requests, and ends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mongoFramer, postgresFramer } from './frames.ts'
import { type Fault, HTTP_KINDS, KINDS, scheduleOf } from './schedule.ts'

const names = Array.from({ length: 200 }, (_, i) => `GET /b/${i}`)
const many = { rate: 0.3, faultsMax: 10_000 }

test('a seed gives the same faults in any order of the requests', () => {
  const there = scheduleOf({ seed: 7, ...many }, HTTP_KINDS)
  const back = scheduleOf({ seed: 7, ...many }, HTTP_KINDS)
  const other = scheduleOf({ seed: 8, ...many }, HTTP_KINDS)
  for (const name of names) there.next(name)
  for (const name of names.toReversed()) back.next(name)
  for (const name of names) other.next(name)
  const sorted = (faults: readonly Fault[]) =>
    faults.map(f => `${f.what} ${f.kind} ${f.fraction}`).sort()
  assert.deepEqual(sorted(there.injected), sorted(back.injected))
  assert.notDeepEqual(sorted(there.injected), sorted(other.injected))
  assert.ok(there.injected.length > 30 && there.injected.length < 90, `${there.injected.length}`)
  assert.deepEqual(new Set(there.injected.map(f => f.kind)), new Set(HTTP_KINDS))
})

test('faults end: in all, and in a row for one request', () => {
  const schedule = scheduleOf(
    { seed: 1, rate: 1, faultsMax: 5, inARowMax: 2, kinds: ['500'] },
    KINDS,
  )
  const got = Array.from({ length: 12 }, () => schedule.next('PUT /a') !== null)
  assert.deepEqual(got.slice(0, 6), [true, true, false, true, true, false])
  assert.equal(got.filter(Boolean).length, 5)
})

test('turned off, kept to some requests, or without a possible kind it injects nothing', () => {
  const where = (what: string) => what === 'a'
  const schedule = scheduleOf({ seed: 1, rate: 1, where }, KINDS)
  assert.equal(schedule.next('b'), null)
  assert.equal(
    schedule.next('a', () => false),
    null,
  )
  schedule.on = false
  assert.equal(schedule.next('a'), null)
  schedule.on = true
  assert.notEqual(schedule.next('a'), null)
  assert.equal(schedule.requests, 4)
})

function mongoMessage(command: string, bytes: number): Buffer {
  const message = Buffer.alloc(bytes)
  message.writeInt32LE(bytes, 0)
  message.writeInt32LE(2013, 12)
  message[25] = 16
  message.write(`${command}\0`, 26, 'latin1')
  return message
}

test('messages are found wherever the bytes are cut, and pass unchanged', () => {
  const query = Buffer.from('Q\0\0\0\x0bselect\0', 'latin1')
  const parse = Buffer.from('P\0\0\0\x15name\0copy  t from\0', 'latin1')
  parse.writeInt32BE(parse.length - 1, 1)
  const startup = Buffer.from('\0\0\0\x09\0\x03\0\0\0', 'latin1')
  const cases = [
    [mongoFramer, [mongoMessage('insert', 5000), mongoMessage('find', 60)], ['insert', 'find']],
    [postgresFramer, [startup, query, parse], ['startup', 'query select', 'parse copy t']],
  ] as const
  for (const [framer, messages, words] of cases) {
    const all = Buffer.concat(messages)
    for (let cut = 1; cut < all.length; cut++) {
      const frames = framer()
      const pieces = [...frames(all.subarray(0, cut)), ...frames(all.subarray(cut))]
      assert.deepEqual(Buffer.concat(pieces.map(piece => piece.bytes)), all)
      assert.deepEqual(
        pieces.flatMap(piece => piece.what ?? []),
        words,
        `cut at ${cut}`,
      )
    }
  }
})
