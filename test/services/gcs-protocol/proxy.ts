/**
 * The protocol proxy for Cloud Storage: stands in front of fake-gcs-server, keeps resumable uploads as
 * the service does, and holds preconditions that the server ignores. All else is forwarded. The fault
 * proxy may stand in front of it.
 *
 *     const gcs = await gcsProtocol(await serverOf('gcs'))
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { passTo, reset } from '../fault-proxy/forward.ts'
import { listen, pointedAt } from '../fault-proxy/proxy.ts'
import { googleError, type Refusal } from '../fault-proxy/refusals.ts'
import type { Service } from '../server.ts'
import { refusalOf } from './preconditions.ts'
import { forget, keep, rangeOf, type Session, sessionIn, STEP_BYTES, twoParts } from './sessions.ts'

const UPLOAD = /^(?:\/resumable)?\/upload\/storage\/v1\/b\/([^/]+)\/o$/
const NONE = googleError(404, 'notFound', 'The upload session is not there')
const SHORT = googleError(
  400,
  'invalid',
  `All chunks but the last are whole steps of ${STEP_BYTES} bytes`,
)

export interface GcsProtocol extends Service {
  /** Names of the uploads that were begun and neither ended nor cancelled: `bucket/name`. */
  readonly uploads: readonly string[]
}

interface Protocol {
  readonly port: number
  readonly folder: string
  readonly sessions: Map<string, Session>
  /** Runs what looks before it changes one after the other. */
  alone<T>(work: () => Promise<T>): Promise<T>
}

export async function gcsProtocol(service: Service): Promise<GcsProtocol> {
  // In the server's own folder, which goes with the server.
  const folder = await mkdtemp(join(dirname(service.folder), 'sessions-'))
  const sessions = new Map<string, Session>()
  let last: Promise<unknown> = Promise.resolve()
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work)
    last = next.catch(() => {})
    return next
  }
  const protocol = { port: service.port, folder, sessions, alone }
  const server = createServer((client, answer) => {
    client.on('error', () => {})
    answer.on('error', () => {})
    serve(protocol, client, answer).catch(() => reset(client))
  })
  const listening = await listen(server)
  const stop = async () => {
    await listening.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return {
    ...pointedAt(service, listening.port),
    ...listening,
    stop,
    get uploads() {
      return [...sessions.values()].filter(({ made }) => !made).map(nameOf)
    },
  }
}

async function serve(
  protocol: Protocol,
  client: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const url = new URL(client.url ?? '/', 'http://proxy')
  const [, bucket] = UPLOAD.exec(url.pathname) ?? []
  const id = url.searchParams.get('upload_id')
  if (bucket !== undefined && id !== null) return session(protocol, client, answer, id)
  if (bucket !== undefined && url.searchParams.get('uploadType') === 'resumable')
    return begin(protocol, client, answer, bucket)
  const { port, alone } = protocol
  const reads = client.method === 'GET' || client.method === 'HEAD'
  const checked = async () => {
    const refusal = await refusalOf(port, url)
    if (!refusal) return passTo(port, client, answer)
    client.resume()
    send(answer, refusal)
  }
  return reads || ![...url.searchParams.keys()].some(key => key.startsWith('if'))
    ? checked()
    : alone(async () => {
        const ended = new Promise(resolve => answer.once('close', resolve))
        await checked()
        await ended
      })
}

const nameOf = ({ bucket, query, metadata }: Session): string =>
  `${decodeURIComponent(bucket)}/${query.get('name') ?? (JSON.parse(metadata) as { name?: string }).name}`

function send(to: ServerResponse, { status, type, body }: Refusal, headers: object = {}): void {
  const length = { 'Content-Length': Buffer.byteLength(body) }
  to.writeHead(status, { 'Content-Type': type, ...length, ...headers }).end(body)
}

async function begin(
  { port, folder, sessions }: Protocol,
  client: IncomingMessage,
  answer: ServerResponse,
  bucket: string,
): Promise<void> {
  const metadata = (await buffer(client)).toString() || '{}'
  const there = await fetch(`http://127.0.0.1:${port}/storage/v1/b/${bucket}`)
  await there.arrayBuffer()
  if (!there.ok)
    return send(answer, googleError(404, 'notFound', 'The specified bucket does not exist.'))
  const { searchParams: query } = new URL(client.url ?? '/', 'http://proxy')
  query.delete('uploadType')
  const given = JSON.parse(metadata) as { contentType?: string }
  const type = client.headers['x-upload-content-type']
  const contentType =
    given.contentType ?? (typeof type === 'string' ? type : 'application/octet-stream')
  const id = randomUUID()
  sessions.set(id, sessionIn(folder, { id, bucket, query, metadata, contentType }))
  const address = `/upload/storage/v1/b/${bucket}/o?uploadType=resumable&upload_id=${id}`
  const Location = `http://${client.headers.host}${address}`
  send(
    answer,
    { status: 200, type: 'text/plain', body: '' },
    { Location, 'X-GUploader-UploadID': id },
  )
}

async function session(
  protocol: Protocol,
  client: IncomingMessage,
  answer: ServerResponse,
  id: string,
): Promise<void> {
  const { sessions } = protocol
  const found = sessions.get(id)
  if (!found) {
    client.resume()
    return send(answer, NONE)
  }
  if (client.method === 'DELETE') {
    sessions.delete(id)
    await forget(found)
    return send(answer, { status: 499, type: 'text/plain', body: '' })
  }
  // The request of a broken connection may still be at work.
  const turn = found.last.then(() => put(protocol, client, answer, found))
  found.last = turn.catch(() => {})
  return turn
}

async function put(
  protocol: Protocol,
  client: IncomingMessage,
  answer: ServerResponse,
  found: Session,
): Promise<void> {
  const range = rangeOf(client.headers['content-range'])
  if (!range)
    return send(answer, googleError(400, 'invalid', 'Failed to parse Content-Range header'))
  if (found.made) {
    client.resume()
    return send(answer, { ...found.made, type: 'application/json; charset=UTF-8' })
  }
  if (range.start !== null) {
    if (range.start > found.received)
      return send(answer, googleError(400, 'invalid', `bytes before ${range.start} are missing`))
    if (!(await keep(found, client, range.start))) return
  } else client.resume()
  const whole = client.headers['content-range'] === undefined || found.received === range.total
  if (whole) return finish(protocol, found, answer)
  if (found.received % STEP_BYTES !== 0) {
    found.received -= found.received % STEP_BYTES
    return send(answer, SHORT)
  }
  const upTo = found.received > 0 ? { Range: `bytes=0-${found.received - 1}` } : {}
  send(answer, { status: 308, type: 'text/plain', body: '' }, upTo)
}

/** The last byte is there: the object appears, if its preconditions hold and its checksum is right. */
async function finish(
  { port, alone }: Protocol,
  found: Session,
  answer: ServerResponse,
): Promise<void> {
  const boundary = `proxy-${found.id}`
  const query = new URLSearchParams(found.query)
  query.set('uploadType', 'multipart')
  const url = `http://127.0.0.1:${port}/upload/storage/v1/b/${found.bucket}/o?${query}`
  const { status, body } = await alone(async () => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': `multipart/related; boundary=${boundary}` },
      body: Readable.toWeb(Readable.from(twoParts(found, boundary))) as ReadableStream,
      duplex: 'half',
    } as RequestInit)
    return { status: response.status, body: await response.text() }
  })
  found.made = { status, body }
  await forget(found)
  send(answer, { status, body, type: 'application/json; charset=UTF-8' })
}
