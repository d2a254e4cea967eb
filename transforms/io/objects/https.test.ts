/** Files behind a web server: ranges, servers without them, redirects, signed URLs, a file that changes. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { schema, t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
import { csv } from '../csv/csv.ts'
import { readAll } from '../files/testing/read-all.ts'
import { closeIdle } from './receive.ts'

const Row = schema({ id: t.int32, name: t.utf8 })
const rows = Array.from({ length: 50_000 }, (_, id) => ({ id, name: `n${id}` }))
const text = Buffer.from(`id,name\n${rows.map(r => `${r.id},${r.name}`).join('\n')}\n`)
let changed = ''
let base = ''

/** As web servers do: RFC 9110, section 14. */
const serve: RequestListener = ({ url = '', headers }, response) => {
  const path = url.replace(/\?.*/, '')
  if (path === '/moved.csv') return response.writeHead(302, { location: '/rows.csv' }).end()
  if (path === '/denied.csv') return response.writeHead(403).end('<html>no</html>')
  if (path === '/signed.csv' && !url.includes('X-Amz-Signature=abcdef'))
    return response.writeHead(403).end()
  if (!/\.csv/.test(path) || path === '/none.csv') return response.writeHead(404).end()
  const body = path.endsWith('.gz') ? gzipSync(text) : text
  const etag = `"${createHash('md5').update(body).digest('hex')}${changed}"`
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
  if (from === undefined || path === '/whole.csv')
    return response.writeHead(200, { etag, 'content-length': body.length }).end(body)
  const end = Math.min(body.length, Number(to) + 1)
  response.writeHead(206, {
    etag,
    'content-length': end - Number(from),
    'content-range': `bytes ${from}-${end - 1}/${body.length}`,
  })
  return response.end(body.subarray(Number(from), end))
}
const server = createServer(serve)

before(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  closeIdle()
  server.closeAllConnections()
  server.close()
})

for (const path of ['rows.csv', 'moved.csv', 'zipped.csv.gz'])
  test(`${path} is read`, async () => {
    const read = await readAll(csv(`${base}/${path}`, Row), { splitBytes: 100_000 })
    assert.equal(JSON.stringify(read.rows), JSON.stringify(rows))
    assert.ok(path.endsWith('.gz') || read.splits > 3)
  })

test('a server that takes no ranges', () =>
  assert.rejects(
    readAll(csv(`${base}/whole.csv`, Row)),
    (fault: Fault) => fault.kind === 'resource' && /cannot be read by ranges/.test(fault.message),
  ))

test('a signature is neither shown nor kept', async () => {
  const uri = `${base}/signed.csv?X-Amz-Signature=abcdef&part=1`
  const source = csv(uri, Row, { incremental: {} })
  const plan = await source.plan({ splitBytes: 100_000 })
  const kept = JSON.stringify([plan, source.uri, source.fingerprint, source.markName])
  assert.doesNotMatch(kept, /abcdef/)
  const read = await readAll(source)
  assert.equal(read.rows.length, rows.length)
  const fault = await readAll(csv(uri.replace('signed', 'denied'), Row)).catch((e: Fault) => e)
  assert.match((fault as Fault).message, /permission is denied/)
  assert.doesNotMatch((fault as Fault).render(), /abcdef/)
})

test('a file that is not there, and one that changes', async () => {
  await assert.rejects(
    readAll(csv(`${base}/none.csv`, Row)),
    (fault: Fault) => fault.kind === 'data' && /no file is at/.test(fault.message),
  )
  const source = csv(`${base}/rows.csv`, Row)
  const { splits } = await source.plan({ splitBytes: 300_000 })
  changed = '-2'
  const read = async () => {
    const request = { wanted: [true, true], rowsPerBatch: 1000, reject() {}, advance() {} }
    const reader = await source.open(splits.at(-1) as never, request)
    try {
      while ((await reader.next()) !== null);
    } finally {
      await reader.close()
      changed = ''
    }
  }
  await assert.rejects(
    read,
    (fault: Fault) =>
      fault.kind === 'data' && /was overwritten: etag ".*" was planned/.test(fault.message),
  )
})
