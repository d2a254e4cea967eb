/** How much of a warehouse's limits is used up, in words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNear } from '../io/warehouse.ts'
import { loadJobsText, usageText } from './usage.ts'

const limit = { what: 'modifications today', of: 1500, hint: 'load less often' }

test('what is used, at least, or not known', () => {
  assert.equal(usageText({ ...limit, used: 37 }), 'modifications today 37 of 1,500')
  const some = { ...limit, used: 1200, atLeast: true }
  assert.equal(usageText(some), 'modifications today at least 1,200 of 1,500')
  const none = { ...limit, used: null, why: 'jobs of p: Access Denied' }
  assert.equal(
    usageText(none),
    'modifications today not known, of 1,500 (jobs of p: Access Denied)',
  )
  assert.deepEqual(
    [1199, 1200, null].map(used => isNear({ ...limit, used })),
    [false, true, false],
  )
})

test('load jobs and their URIs', () => {
  const jobs = (...uris: number[]) => uris.map(n => ({ id: 'j', uris: n, bytes: 1 }))
  assert.equal(loadJobsText([]), '')
  assert.equal(loadJobsText(jobs(1)), '1 load job of 1 URI')
  assert.equal(loadJobsText(jobs(10_000, 12)), '2 load jobs of 10,000 and 12 URIs')
  assert.equal(loadJobsText(jobs(9, 8, 7)), '3 load jobs of 9, 8 and 7 URIs')
  assert.equal(loadJobsText(jobs(10_000, 10_000, 9, 8)), '4 load jobs of at most 10,000 URIs')
})
