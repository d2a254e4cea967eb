/** What may pass is tried again: how often, how long, and what is said where it does not pass. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../../engine/fault.ts'
import { Passing, retried } from './retry.ts'

const { signal } = new AbortController()
const fault = (text: string) => new Fault('resource', text)

/** Fails as listed, then answers how often it was asked. */
const failing = (failures: readonly Error[]) => {
  let asked = 0
  return async (): Promise<number> => {
    const failure = failures[asked++]
    if (failure) throw failure
    return asked
  }
}

test('failures that are lasting when met often are counted by themselves', async () => {
  const busy = new Passing(fault('busy'), { afterMs: 0 })
  const broken = new Passing(fault('broken'), { afterMs: 0, triesMax: 3 })
  const o = { deadlineMs: 5000, signal }
  assert.equal(await retried(failing([busy, busy, broken, busy, busy, broken, busy]), o), 8)
  await assert.rejects(retried(failing([busy, broken, broken, busy, broken]), o), e => {
    assert.ok(e instanceof Fault)
    assert.match(e.render(), /broken\n {2}tried {2}5 times in 0\.\d s of 5 s; it asks to wait 0 s/)
    return true
  })
})

test('the deadline is kept, and a wait beyond it is not begun', async () => {
  const started = performance.now()
  const long = new Passing(fault('later'), { afterMs: 60_000 })
  await assert.rejects(retried(failing([long]), { deadlineMs: 5000, signal }), /later/)
  const always = async (): Promise<never> => {
    throw new Passing(fault('busy'), { afterMs: 20 })
  }
  await assert.rejects(retried(always, { deadlineMs: 200, signal }), /busy/)
  assert.ok(performance.now() - started < 2000)
})

test('what cannot pass, or was ended, is not tried again', async () => {
  const attempt = failing([fault('no')])
  await assert.rejects(retried(attempt, { deadlineMs: 5000, signal }), /no/)
  assert.equal(await attempt(), 2)
  const ended = new AbortController()
  const waiting = retried(failing([new Passing(fault('busy'), { afterMs: 10_000 })]), {
    deadlineMs: 60_000,
    signal: ended.signal,
  })
  await new Promise(setImmediate)
  ended.abort()
  await assert.rejects(waiting, e => (e as Error).name === 'AbortError')
})
