/** Whose a mark is: who lives holds it, who is dead does not, and who cannot be asked has its time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hold, isHeld, LEASE_MS, leaseFrom, type Mark, release } from './mark.ts'

const uri = 'gs://b/out/_millrace/unfinished.json'
const self = { process: 10, started: '1', host: 'here', boot: '' }
const markOf = (owner: Partial<Mark['owner']>, until = leaseFrom(Date.now())): Mark => ({
  ...{ id: 'i', run: 'r', names: 'n', begun: until, until },
  owner: { ...self, ...owner },
})
const says = (answer: boolean | null) => ({ uri, self, isAlive: () => answer })

test('a process of this machine holds it for as long as it lives, lapsed or not', () => {
  const lapsed = new Date(Date.now() - 1).toISOString()
  assert.ok(isHeld(markOf({ process: 11 }, lapsed), says(true)))
  assert.ok(!isHeld(markOf({ process: 11 }), says(false)))
  assert.ok(!isHeld(markOf({ process: 0 }), says(true)), 'a run that has said its end')
})

test('one of another machine holds it until it lapses', () => {
  assert.ok(isHeld(markOf({ host: 'there' }), says(null)))
  const lapsed = leaseFrom(Date.now() - LEASE_MS - 1)
  assert.ok(!isHeld(markOf({ host: 'there' }, lapsed), says(null)))
  const years = leaseFrom(Date.now() + 1e11)
  assert.ok(!isHeld(markOf({ host: 'there' }, years), says(null)), 'a clock that was wrong')
})

test('of this very process it is held while the run that made it is at work', () => {
  assert.ok(!isHeld(markOf({}), says(true)))
  hold(uri)
  assert.ok(isHeld(markOf({}), says(true)))
  release(uri)
  assert.ok(!isHeld(markOf({}), says(true)))
})
