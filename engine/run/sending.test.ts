/** Shards on their way: so many at once, the first failure ends it, and nothing is left unhandled. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Sending } from './sending.ts'

test('no more than allowed are under way, and all have arrived when it has settled', async () => {
  const sending = new Sending(3)
  const waiting: (() => void)[] = []
  let [most, under, done] = [0, 0, 0]
  const one = async () => {
    most = Math.max(most, ++under)
    await new Promise<void>(resolve => waiting.push(resolve))
    under--
    done++
  }
  const adding = (async () => {
    for (let i = 0; i < 10; i++) await sending.add(one)
  })()
  while (done < 10) {
    await new Promise(setImmediate)
    waiting.shift()?.()
  }
  await adding
  await sending.settled()
  assert.deepEqual([most, under, done], [3, 0, 10])
})

test('the first failure is thrown by whoever comes next, and by all who wait', async () => {
  const sending = new Sending(2)
  const lost = new Error('lost')
  await sending.add(() => new Promise(() => {}))
  await sending.add(async () => {
    throw lost
  })
  await assert.rejects(
    sending.add(async () => assert.fail('begun')),
    lost,
  )
  await assert.rejects(sending.settled(), lost)
})

test('a stop is heard by who waits for room, though nothing ever arrives', async () => {
  const sending = new Sending(1)
  await sending.add(() => new Promise(() => {}))
  const waiting = sending.add(async () => assert.fail('begun'))
  sending.stop(new Error('interrupted'))
  await assert.rejects(waiting, /interrupted/)
})
