/** Which errors of the driver may pass, by the names that it gives them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayPass } from './faults.ts'

const named = (name: string): Error => Object.assign(new Error('read ECONNRESET'), { name })

test('a connection that broke may pass, whichever request broke it', () => {
  for (const name of [
    'MongoNetworkError',
    'MongoNetworkTimeoutError',
    'MongoPoolClearedError',
    'PoolClearedOnNetworkError',
  ])
    assert.equal(mayPass(named(name), true), true, name)
  assert.equal(mayPass(named('MongoServerError'), true), false)
  assert.equal(mayPass(named('PoolClosedError'), true), false)
})

test('a cluster that was never reached is not waited for', () => {
  assert.equal(mayPass(named('MongoServerSelectionError'), false), false)
  assert.equal(mayPass(named('MongoServerSelectionError'), true), true)
})
