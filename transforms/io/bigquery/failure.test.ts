/** Which refusals pass, what they mean, how long is waited; where a data set is; what a name may hold. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../../engine/fault.ts'
import { ApiFailure, failureOf, faultOf, jobFailure } from './failure.ts'
import { name, text } from './names.ts'
import { placeOf } from './place.ts'
import { dayStart, modificationsOf, nearLimit } from './quota.ts'
import { jitteredMs } from '../retry/retry.ts'
import { RETRY, retried } from './retry.ts'
import { datasetOf } from './uri.ts'

const refusal = (code: number, reason: string, headers: Record<string, string> = {}) =>
  failureOf({ code, message: 'no', errors: [{ reason, message: 'no' }], response: { headers } })

test('what passes is told from what is final', () => {
  const passing = [
    'backendError',
    'internalError',
    'rateLimitExceeded',
    'jobRateLimitExceeded',
    'tableUnavailable',
  ]
  for (const reason of passing) assert.equal(refusal(403, reason).passing, true, reason)
  const final = [
    'quotaExceeded',
    'invalid',
    'notFound',
    'accessDenied',
    'invalidQuery',
    'duplicate',
    'stopped',
  ]
  for (const reason of final) assert.equal(refusal(503, reason).passing, false, reason)
  for (const code of [429, 500, 502, 503, 504]) assert.equal(refusal(code, '').passing, true)
  for (const code of [400, 401, 403, 404, 409, 412]) assert.equal(refusal(code, '').passing, false)
  for (const code of ['ECONNRESET', 'ETIMEDOUT', 'EPIPE'])
    assert.equal(failureOf(Object.assign(new Error('x'), { code })).passing, true)
  assert.equal(failureOf(new Error('socket hang up')).passing, true)
  assert.equal(failureOf(new Error('Invalid URL')).passing, false)
  assert.equal(failureOf(new Error('a __proto__ of reasons')).passing, false)
  const conflict = 'Transaction is aborted due to concurrent update against table p:d.t.'
  assert.equal(jobFailure([{ reason: 'invalidQuery', message: conflict }]).passing, true)
})

test('an answer that did not come whole is asked for again', async () => {
  const statusCode = 403
  const silent = { code: 403, message: 'Multiple errors', errors: [], response: { statusCode } }
  assert.equal(failureOf(silent).passing, false)
  assert.match(failureOf(silent).message, /HTTP 403, its reason did not come/)
  const limits = { deadlineMs: 1000, firstMs: 1, mostMs: 2 }
  for (const [code, most] of [
    [403, 5],
    [400, 5],
    [404, 1],
    [409, 1],
  ] as const) {
    let asked = 0
    const refused = () => {
      asked++
      return Promise.reject(failureOf({ ...silent, code }))
    }
    await assert.rejects(retried(refused, limits), /did not come/)
    assert.equal(asked, most, `HTTP ${code}`)
  }
  // Cut short, though its length agrees.
  const cut = Object.assign(new SyntaxError('in JSON'), { response: { statusCode: 200 } })
  assert.equal(failureOf(cut).passing, true)
  // The client's own credentials were refused: that is told, and final.
  const grant = { code: 400, message: 'invalid_grant', response: { status: 400 } }
  assert.deepEqual([failureOf(grant).untold, failureOf(grant).message], [false, 'invalid_grant'])
})

test('a fault tells every error, whose it is, and what to do', () => {
  const errors = [
    {
      reason: 'invalid',
      location: 'gs://b/part-1.parquet',
      message: 'Provided schema does not match',
    },
    { reason: 'accessDenied', message: 'Access Denied' },
  ]
  const fault = faultOf(jobFailure(errors), 'table sales', { at: 'user.ts:1', detail: ['job   j'] })
  assert.equal(fault.kind, 'data')
  assert.match(
    fault.render(),
    /^data: table sales: Provided schema does not match\n[\s\S]*\n {2}BigQuery answered {2}invalid at gs:\/\/b\/part-1\.parquet\n {2}BigQuery answered {2}accessDenied: Access Denied\n {2}job {3}j$/,
  )
  assert.match(faultOf(refusal(403, 'accessDenied'), 'x').hint ?? '', /roles\/bigquery/)
  const message = 'Cannot read and write in different locations: source: US, destination: EU'
  assert.match(
    faultOf(jobFailure([{ reason: 'invalid', message }]), 'x').hint ?? '',
    /bucket in the location/,
  )
  assert.equal(faultOf(refusal(403, 'quotaExceeded'), 'x').kind, 'resource')
  for (const refused of [
    refusal(401, 'authError'),
    refusal(401, ''),
    failureOf(new Error('Could not load the default credentials. Browse to https://x')),
    failureOf(new Error('Unable to read the credential file specified by …: ENOENT')),
    failureOf(Object.assign(new Error('invalid_grant'), { code: '400' })),
  ]) {
    assert.equal(faultOf(refused, 'x').kind, 'resource')
    assert.match(faultOf(refused, 'x').hint ?? '', /^log in with `gcloud auth/)
  }
  const many = Array.from({ length: 40 }, (_, i) => ({ reason: 'invalid', message: `${i}` }))
  assert.match(faultOf(jobFailure(many), 'x').render(), /and {3}30 more errors/)
})

test('attempts end with a final refusal or the deadline; Retry-After is waited for', async () => {
  let calls = 0
  const limits = { deadlineMs: 400, firstMs: 5, mostMs: 20 }
  const fails = (error: ApiFailure) => () => {
    calls++
    throw error
  }
  await assert.rejects(retried(fails(refusal(404, 'notFound')), limits), ApiFailure)
  assert.equal(calls, 1)
  await assert.rejects(retried(fails(refusal(503, 'backendError')), limits), ApiFailure)
  assert.ok(calls > 5, `${calls} calls`)
  const asked = refusal(503, 'backendError', { 'retry-after': '1' })
  assert.equal(asked.retryAfterMs, 1000)
  calls = 0
  await assert.rejects(retried(fails(asked), limits), ApiFailure)
  assert.equal(calls, 1, 'it would end after the deadline')
  const twice = async () => {
    if (calls++ < 3) throw refusal(500, 'internalError')
    return 'well'
  }
  assert.equal(await retried(twice, limits), 'well')
  assert.equal(jitteredMs(20, RETRY, 1), RETRY.mostMs)
  assert.equal(jitteredMs(0, RETRY, 0.5), RETRY.firstMs / 2)
})

test('URIs of data sets', () => {
  const of = (uri: string) => Object.values(datasetOf(uri)).join(' ')
  assert.equal(of('bigquery://shop-1.sales'), 'shop-1 sales ')
  assert.equal(of('bigquery://shop-1.sales.orders'), 'shop-1 sales orders')
  assert.equal(of('bigquery://example.com:shop.sales'), 'example.com:shop sales ')
  assert.equal(of('bigquery://.sales'), ' sales ')
  assert.equal(of('bigquery://sales'), ' sales ')
  for (const bad of [
    'bigquery://',
    'bigquery:x',
    'bigquery://a b.c',
    'bigquery://p.d-e',
    "bigquery://p.d'",
    'bigquery://../d',
  ])
    assert.throws(() => datasetOf(bad), Fault, bad)
})

test('staging places', () => {
  assert.deepEqual(placeOf('gs://my-bucket/a b//'), { bucket: 'my-bucket', prefix: 'a b' })
  assert.deepEqual(placeOf('gs://my-bucket'), { bucket: 'my-bucket', prefix: '' })
  for (const bad of ['s3://x', 'gs://', 'gs://B/x', '/tmp/x'])
    assert.throws(() => placeOf(bad), Fault)
})

test('names and texts stay names and texts, whatever they hold', () => {
  assert.equal(name('a`; DROP'), '`a\\`; DROP`')
  assert.equal(text("o'b\\\n"), "'o\\'b\\\\\\n'")
})

test('modifications are counted by table, a day from midnight Pacific time', () => {
  const of = { project: 'p', dataset: 'd', location: null }
  const to = (tableId: string, datasetId = 'd') => ({ projectId: 'p', datasetId, tableId })
  const jobs = [
    { configuration: { load: { destinationTable: to('a$20260101') } } },
    { configuration: { copy: { destinationTable: to('a') } } },
    { configuration: { copy: { destinationTable: to('a', 'other') } } },
    { configuration: { query: { destinationTable: to('b') } } },
    { configuration: {} },
  ]
  assert.deepEqual(
    [...modificationsOf(jobs, of)],
    [
      ['a', 2],
      ['b', 1],
    ],
  )
  assert.equal(nearLimit(1199), false)
  assert.equal(nearLimit(1200), true)
  const day = (at: string) => new Date(dayStart(Date.parse(at))).toISOString()
  assert.equal(day('2026-01-15T07:59:59.999Z'), '2026-01-14T08:00:00.000Z')
  assert.equal(day('2026-01-15T08:00:00.000Z'), '2026-01-15T08:00:00.000Z')
  assert.equal(day('2026-07-15T06:30:00.500Z'), '2026-07-14T07:00:00.000Z')
})
