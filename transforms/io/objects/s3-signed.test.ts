/** Reads that are signed by the client and sent by ourselves: what is signed is what is sent, by the right clock. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { Fault } from '../../../engine/fault.ts'
import { closeIdle } from './receive.ts'
import { closeS3Client } from './s3-client.ts'
import { s3Reader } from './s3-read.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void
let answer: Answer = () => {}
const requests: IncomingMessage[] = []
const server = createServer((request, response) => {
  requests.push(request)
  answer(request, response)
})

before(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'a-secret-key',
  })
})
after(async () => {
  await closeS3Client()
  closeIdle()
  server.closeAllConnections()
  server.close()
})

const object = (name: string) => ({
  ...{ uri: `s3://bucket/${name}`, bytes: 10 },
  ...{ version: 'abc', modified: 0 },
})
const five: Answer = (_, response) => response.writeHead(206, { 'content-length': 5 }).end('56789')

async function read(name: string): Promise<string> {
  requests.length = 0
  const into = Buffer.alloc(5)
  await s3Reader.read(object(name), 5, into)
  return into.toString()
}

test('names are sent as they are, of one version and range', async () => {
  answer = five
  assert.equal(await read("a b/../ü?#%2F'(*)!"), '56789')
  const [{ url, headers } = {} as IncomingMessage] = requests
  assert.equal(url, '/bucket/a%20b/../%C3%BC%3F%23%252F%27%28%2A%29%21?x-id=GetObject')
  assert.equal(headers.range, 'bytes=5-9')
  assert.equal(headers['if-match'], '"abc"')
  const signed = /SignedHeaders=([^,]*)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? []
  for (const name of ['host', 'if-match', 'range', 'x-amz-date']) assert.ok(signed.includes(name))
  assert.doesNotMatch(JSON.stringify(headers), /a-secret-key/)
})

test('a clock that is wrong is set by the service', async () => {
  const theirs = Date.now() + 3_600_000
  answer = (request, response) => {
    if (requests.length > 1) return five(request, response)
    response.writeHead(403, { date: new Date(theirs).toUTCString() })
    return response.end('<Error><Code>RequestTimeTooSkewed</Code><Message>x</Message></Error>')
  }
  assert.equal(await read('x'), '56789')
  const [, { headers } = {} as IncomingMessage] = requests
  const [, day = '', time = ''] = /^(\d{8})T(\d{6})Z$/.exec(String(headers['x-amz-date'])) ?? []
  const text = `${day}T${time}Z`.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z')
  assert.ok(Math.abs(Date.parse(text) - theirs) < 60_000, text)
})

test('a right that is missing is told with what the service says', async () => {
  answer = (_, response) =>
    response
      .writeHead(403)
      .end('<Error><Code>AccessDenied</Code><Message>not you</Message></Error>')
  await assert.rejects(read('x'), (fault: Fault) => {
    assert.match(fault.render(), /s3:\/\/bucket\/x cannot be read: permission is denied/)
    assert.match(fault.render(), /403 AccessDenied: not you/)
    return true
  })
  assert.equal(requests.length, 1)
})
