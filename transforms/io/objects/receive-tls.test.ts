/** Bytes over TLS: as over a plain connection, from a server whose certificate is trusted, and from no other. */
import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { answerOf, mayPass } from './answer.ts'
import { closeIdle, fill } from './receive.ts'

/** For `localhost` until 2126; made for this test, it opens nothing. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUNXFJsBjim+ME2KeIeIXWxtejJLkwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjAyMTk0OFoYDzIxMjYxMDI5
MDIxOTQ4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARR02hgTWMYziXH98lPYZIqkDhOL8PaA7TUCg/0ceEIEFBgL4OiTkmW
9LsCtv/UtTOvqb4bURJT2KqfHJpTtHeoo28wbTAdBgNVHQ4EFgQUMAUjP0EgDjQU
sgh07yi2GRJ5YdAwHwYDVR0jBBgwFoAUMAUjP0EgDjQUsgh07yi2GRJ5YdAwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgKMBKE9vRMKsonu2LA8Sp7G8693li66MEBl95Aui16X8CIQDZ
EJF59z9Y8RnrCZYWsPDUX99r514O+/9lrcFgJNN+6A==
-----END CERTIFICATE-----`
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/qDFV0/EZXxqBfsv
Lrk7YhrsY78RM6HQjIDyCo/8f02hRANCAARR02hgTWMYziXH98lPYZIqkDhOL8Pa
A7TUCg/0ceEIEFBgL4OiTkmW9LsCtv/UtTOvqb4bURJT2KqfHJpTtHeo
-----END PRIVATE KEY-----`

const BYTES = 5_000_003
const content = Buffer.alloc(BYTES)
for (let i = 0; i < BYTES; i++) content[i] = Math.imul(i, 2654435761) >>> 24

let connections = 0
const server = createServer({ cert: CERTIFICATE, key: KEY }, ({ headers }, answer) => {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
  const part = content.subarray(Number(from), Number(to) + 1)
  answer.writeHead(206, { 'content-length': part.length }).end(part)
}).on('secureConnection', () => connections++)
const trusted = getCACertificates('default')
let port = 0

before(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
after(() => {
  setDefaultCACertificates(trusted)
  closeIdle()
  server.closeAllConnections()
  server.close()
})

async function read(host: string, start: number): Promise<Buffer> {
  const into = Buffer.alloc(BYTES - start)
  const headers = { range: `bytes=${start}-${BYTES - 1}` }
  await (await fill({ url: `https://${host}:${port}/`, headers }, { into })).filled
  return into
}

test('a certificate that nobody vouches for is refused, once', async () => {
  const error = await read('localhost', 0).catch((e: unknown) => e)
  assert.equal((error as { code?: string }).code, 'DEPTH_ZERO_SELF_SIGNED_CERT')
  assert.equal(mayPass(answerOf(error)), false)
})

test('bytes come whole, over one connection', async () => {
  setDefaultCACertificates([...trusted, CERTIFICATE])
  connections = 0
  for (const start of [0, 1, BYTES - 1, 70_000])
    assert.ok((await read('localhost', start)).equals(content.subarray(start)))
  assert.equal(connections, 1)
})

test('a certificate of another host is refused', async () => {
  setDefaultCACertificates([...trusted, CERTIFICATE])
  const error = await read('[::ffff:127.0.0.1]', 0).catch((e: unknown) => e)
  assert.equal((error as { code?: string }).code, 'ERR_TLS_CERT_ALTNAME_INVALID')
})
