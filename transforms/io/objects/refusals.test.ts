/**
 * What the services refuse, as a Fault that says what to do: their documented answers, sent by a server on
 * loopback through the real clients, since no server here has accounts, regions or sessions that expire.
 * Source: "HTTP status and error codes for JSON", Cloud Storage; "Error responses", Amazon S3 API.
 */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import type { Fault } from '../../../engine/fault.ts'
import { answerOf } from './answer.ts'
import { checkObjects } from './check.ts'
import { closeIdle } from './receive.ts'
import { listObjects } from './list.ts'
import { readerOf } from './reader-of.ts'
import { attemptsOf, retried } from './retry.ts'
import { closeS3Client } from './s3-client.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void
let answer: Answer = (_, response) => response.end()
let requests = 0
const server = createServer((request, response) => {
  requests++
  answer(request, response)
})

before(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  Object.assign(process.env, {
    STORAGE_EMULATOR_HOST: uri,
    AWS_ENDPOINT_URL_S3: uri,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'a-secret-key',
  })
})
beforeEach(() => {
  requests = 0
})
after(async () => {
  await closeS3Client()
  closeIdle()
  server.closeAllConnections()
  server.close()
})

const google =
  (status: number, reason: string, message: string): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({ error: { code: status, message, errors: [{ reason, message }] } }),
    )
  }

const amazon =
  (status: number, code: string, message: string, headers = {}): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/xml', ...headers })
    response.end(
      `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
    )
  }

interface Case {
  readonly name: string
  readonly scheme: 'gs' | 's3'
  readonly answer: Answer
  readonly says: RegExp
  readonly hint: RegExp
}

const CASES: readonly Case[] = [
  {
    name: 'no permission on GCS',
    scheme: 'gs',
    answer: google(403, 'forbidden', 'me@x.iam does not have storage.objects.list access'),
    says: /gs:\/\/bucket\/in cannot be listed: permission is denied/,
    hint: /grant storage\.objects\.list \(roles\/storage\.objectViewer\)/,
  },
  {
    name: 'credentials that GCS does not accept',
    scheme: 'gs',
    answer: google(401, 'authError', 'Invalid Credentials'),
    says: /the credentials are not accepted/,
    hint: /gcloud auth application-default login/,
  },
  {
    name: 'a bucket that GCS does not have',
    scheme: 'gs',
    answer: google(404, 'notFound', 'The specified bucket does not exist.'),
    says: /there is no such bucket/,
    hint: /name of the bucket/,
  },
  {
    name: 'no permission on S3',
    scheme: 's3',
    answer: amazon(403, 'AccessDenied', 'Access Denied'),
    says: /s3:\/\/bucket\/in cannot be listed: permission is denied/,
    hint: /grant s3:ListBucket/,
  },
  {
    name: 'credentials that have expired',
    scheme: 's3',
    answer: amazon(400, 'ExpiredToken', 'The provided token has expired.'),
    says: /the credentials have expired/,
    hint: /aws sso login/,
  },
  {
    name: 'a bucket of another region, by redirect',
    scheme: 's3',
    answer: amazon(301, 'PermanentRedirect', 'must be addressed using the specified endpoint', {
      'x-amz-bucket-region': 'eu-central-1',
    }),
    says: /lies in another region/,
    hint: /set AWS_REGION=eu-central-1/,
  },
  {
    name: 'a bucket of another region, by its signature',
    scheme: 's3',
    answer: amazon(
      400,
      'AuthorizationHeaderMalformed',
      "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-2'",
    ),
    says: /lies in another region/,
    hint: /set AWS_REGION=eu-west-2/,
  },
  {
    name: 'an unknown key',
    scheme: 's3',
    answer: amazon(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist'),
    says: /the access key is not accepted/,
    hint: /check the key, the secret and the endpoint/,
  },
  {
    name: 'a bucket that S3 does not have',
    scheme: 's3',
    answer: amazon(404, 'NoSuchBucket', 'The specified bucket does not exist'),
    says: /there is no such bucket/,
    hint: /name of the bucket/,
  },
]

for (const { name, scheme, says, hint, answer: given } of CASES)
  test(name, async () => {
    answer = given
    await assert.rejects(listObjects(`${scheme}://bucket/in/`), (fault: Fault) => {
      assert.equal(fault.kind, 'resource')
      assert.match(fault.message, says)
      assert.match(fault.hint ?? '', hint)
      assert.match(fault.detail.join(), /answered/)
      assert.doesNotMatch(fault.render(), /a-secret-key|Signature=|Bearer /)
      return true
    })
    assert.equal(requests, 1, 'what will not pass is not asked again')
  })

test('why HEAD was refused is asked by GET, since an answer to HEAD has no body', async () => {
  const told = amazon(403, 'SignatureDoesNotMatch', 'The request signature does not match')
  answer = (request, response) => {
    if (request.method === 'GET') return told(request, response)
    response.writeHead(403)
    response.end()
  }
  await assert.rejects(listObjects('s3://bucket/in.csv'), (fault: Fault) => {
    assert.equal(fault.message, 's3://bucket/in.csv cannot be read: the access key is not accepted')
    assert.match(fault.detail.join(), /^S3 answered {2}403 SignatureDoesNotMatch: The request/)
    return true
  })
  assert.equal(requests, 2)
})

test('what is refused as it is is not called an overload', async () => {
  answer = (_, response) => {
    response.writeHead(400)
    response.end()
  }
  await assert.rejects(listObjects('s3://bucket/in/'), (fault: Fault) => {
    assert.equal(fault.message, 's3://bucket/in cannot be listed: the service refuses the request')
    assert.match(fault.hint ?? '', /refused too: check the URI, the region and the endpoint/)
    return true
  })
})

test('an empty prefix, and one object that is not there, say what is there and what to look at', async () => {
  answer = (request, response) => {
    if (/\/o\/./.test(request.url ?? ''))
      return google(404, 'notFound', 'No such object')(request, response)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end('{}')
  }
  await assert.rejects(listObjects('gs://bucket/none/*.csv'), (fault: Fault) => {
    assert.equal(fault.kind, 'data')
    assert.equal(fault.message, 'no object matches "gs://bucket/none/*.csv"')
    assert.deepEqual(fault.detail, ['gs://bucket/none/ holds nothing'])
    assert.match(fault.hint ?? '', /^check the folder and the pattern/)
    return true
  })
})

test('a check says what is missing, and what to grant', async () => {
  answer = (request, response) => {
    if (request.method !== 'GET')
      return google(403, 'forbidden', 'no create access')(request, response)
    const media = request.url?.includes('alt=media')
    const item = { name: 'in/a.csv', size: '1', generation: '1', updated: '2024-01-01T00:00:00Z' }
    response.writeHead(media ? 206 : 200, media ? { 'content-length': '1' } : {})
    response.end(media ? 'x' : JSON.stringify({ items: [item] }))
  }
  const { system, passed, missing } = await checkObjects('gs://bucket/in')
  assert.equal(system, 'Google Cloud Storage')
  assert.deepEqual(passed, [
    'list objects under gs://bucket/in/',
    'read objects under gs://bucket/in/',
  ])
  assert.equal(missing.length, 1)
  assert.equal(missing[0]?.what, 'write objects under gs://bucket/in/')
  assert.match(missing[0]?.answered ?? '', /403 forbidden: no create access/)
  assert.match(missing[0]?.hint ?? '', /grant storage\.objects\.create/)
})

test('Retry-After is waited for, and the request sent again', async () => {
  answer = (request, response) => {
    if (requests > 1) return google(404, 'notFound', 'No such object: bucket/x')(request, response)
    response.writeHead(503, { 'retry-after': '1' })
    response.end()
  }
  const before = performance.now()
  assert.equal(await (await readerOf('gs://bucket/x')).stat('gs://bucket/x'), null)
  assert.ok(performance.now() - before >= 1000)
  assert.equal(requests, 2)
})

test('a refusal whose body breaks off is asked for again, since its reason may pass', async () => {
  const cut: Answer = (request, response) => {
    response.writeHead(requests === 1 ? 403 : 404, { 'content-length': 500 })
    response.write('{"error":', () => request.socket.resetAndDestroy())
  }
  const gone = google(404, 'notFound', 'The specified bucket does not exist.')
  answer = (request, response) => (requests < 3 ? cut : gone)(request, response)
  // Without its body the second answer would mean an object that is not there.
  await assert.rejects(
    (await readerOf('gs://bucket/x')).stat('gs://bucket/x'),
    (fault: Fault) => fault.kind === 'resource' && /bucket/.test(fault.message),
  )
  assert.equal(requests, 3)
})

test('attempts, deadlines and time limits end what does not pass', async () => {
  const fails = () => Promise.reject(Object.assign(new Error('busy'), { code: 'SlowDown' }))
  const some = { attempts: 3, firstMs: 1 }
  await assert.rejects(retried(fails, some), e => attemptsOf(e) === 3)
  const before = performance.now()
  await assert.rejects(retried(fails, { attempts: 1000, firstMs: 50, deadlineMs: 200 }))
  assert.ok(performance.now() - before < 1000)
  const never = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  await assert.rejects(
    retried(never, { attempts: 2, timeoutMs: 20, firstMs: 1 }),
    e => answerOf(e).code === 'ETIMEDOUT' && attemptsOf(e) === 2,
  )
})

test('URIs with credentials, and without a bucket, are refused without being shown', async () => {
  for (const uri of ['s3://key:hunter2@bucket/x', 'gs:///x', 's3://'])
    await assert.rejects(listObjects(uri), (fault: Fault) => {
      assert.equal(fault.kind, 'pipeline')
      assert.doesNotMatch(fault.render(), /hunter2/)
      return true
    })
})
