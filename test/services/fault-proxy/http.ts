/**
 * The proxy for services over HTTP: forwards each request as it came (headers with their spelling, and
 * the client's Host where signatures cover it) over a connection of its own, and injects the fault that
 * the schedule gives it.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import {
  collected,
  firstOf,
  type Forward,
  headersOf,
  lost,
  pass,
  reset,
  withoutHop,
} from './forward.ts'
import { corrupted, slowed, upTo } from './bodies.ts'
import { type Dialect, refusalOf } from './refusals.ts'
import type { Fault, FaultKind, FaultOptions, Schedule } from './schedule.ts'

/** A request with a longer body is not sent twice: it would have to be held. */
const DUPLICATED_BYTES_MAX = 8 * 2 ** 20
/** Where a body without a known length is cut, at most. */
const CUT_BYTES_MAX = 64 * 1024
/** Ids of jobs that only read, which are never the same; parameters that differ from run to run. */
const READ_JOB = /(?<=\/millrace_)[^_/]+(?=_read_)/
const RANDOM = /^(?:upload_?id|x-amz-|x-goog-|pagetoken|continuation-token)/i

export interface HttpProxy {
  readonly target: { readonly port: number }
  readonly dialect: Dialect
  readonly options: FaultOptions
  readonly schedule: Schedule
}

/** A server that is not listening yet. */
export function httpProxy(proxy: HttpProxy) {
  const server = createServer((client, answer) => {
    client.on('error', () => {})
    answer.on('error', () => {})
    const what = wordsOf(client)
    const fault = proxy.schedule.next(what, kind => isPossible(kind, client))
    serve(proxy, client, answer, fault).catch(() => reset(client))
  })
  server.requestTimeout = 0
  server.headersTimeout = 0
  return server
}

/** `PUT /bucket/key?partNumber=1`, without what is random. */
export function wordsOf({ method, url = '/' }: IncomingMessage): string {
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  const kept = query.split('&').filter(part => part !== '' && !RANDOM.test(part))
  return `${method} ${path.replace(READ_JOB, '*')}${kept.length > 0 ? `?${kept.join('&')}` : ''}`
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

function isPossible(kind: FaultKind, client: IncomingMessage): boolean {
  if (kind === 'reset-request') return hasBody(client)
  const bytes = Number(client.headers['content-length'] ?? (hasBody(client) ? Infinity : 0))
  return kind !== 'duplicated' || bytes <= DUPLICATED_BYTES_MAX
}

async function serve(
  proxy: HttpProxy,
  client: IncomingMessage,
  answer: ServerResponse,
  fault: Fault | null,
): Promise<void> {
  const forward: Forward = {
    client,
    answer,
    start: () => start(proxy, client),
    service: hostOf(proxy),
  }
  if (fault === null) return pass(forward)
  switch (fault.kind) {
    case '429':
    case '500':
    case '503':
      return refuse(proxy, forward, fault.kind, fault)
    case 'answer-lost':
      return lost(forward)
    case 'duplicated':
      return twice(proxy, forward, fault)
    case 'slow':
      return pass(forward, { request: slowed(slowMs(proxy)), answer: () => slowed(slowMs(proxy)) })
    case 'stall':
      return stall(proxy, forward, fault)
    case 'reset-request':
      return cutRequest(forward, fault)
    default:
      return cutAnswer(forward, fault)
  }
}

const hostOf = ({ target }: HttpProxy): string => `127.0.0.1:${target.port}`
const slowMs = ({ options }: HttpProxy): number => options.slowMs ?? 300

/** Begins the request to the service; its body is the caller's to send. */
function start(proxy: HttpProxy, client: IncomingMessage) {
  const { target, dialect } = proxy
  const { method = 'GET', url: path = '/', rawHeaders } = client
  const headers = withoutHop(rawHeaders)
  if (dialect !== 's3')
    for (let i = 0; i < headers.length; i += 2)
      if (headers[i]?.toLowerCase() === 'host') headers[i + 1] = hostOf(proxy)
  const to = { host: '127.0.0.1', port: target.port, method, path, headers }
  return request({ ...to, agent: false, setHost: false })
}

function refuse(
  { dialect, options }: HttpProxy,
  { client, answer }: Forward,
  kind: '429' | '500' | '503',
  { fraction }: Fault,
): void {
  const { status, type, body } = refusalOf(kind, dialect)
  const later = kind === '503' || (kind === '429' && fraction < 0.5)
  const retry = later ? { 'Retry-After': `${options.retryAfterS ?? 1}` } : {}
  client.resume()
  answer.writeHead(status, { 'Content-Type': type, ...retry }).end(body)
}

async function twice(proxy: HttpProxy, forward: Forward, { fraction }: Fault): Promise<void> {
  const body = await collected(forward.client)
  const send = () => {
    const upstream = start(proxy, forward.client)
    // The body is whole here, so its length replaces chunks.
    upstream.end(body)
    return firstOf(upstream)
  }
  const first = await send()
  const firstBody = await collected(first)
  const second = await send()
  const secondBody = await collected(second)
  const [told, bytes] = fraction < 0.5 ? [first, firstBody] : [second, secondBody]
  forward.answer.writeHead(told.statusCode ?? 502, headersOf(told, forward))
  forward.answer.end(bytes)
}

/** Silent for a while: before the request is forwarded, or after a part of its answer. Then a reset. */
async function stall(proxy: HttpProxy, forward: Forward, { fraction }: Fault): Promise<void> {
  const end = () => {
    const timer = setTimeout(() => reset(forward.client), proxy.options.stallMs ?? 1000).unref()
    forward.answer.once('close', () => clearTimeout(timer))
  }
  if (fraction >= 0.5)
    return pass(forward, {
      answer: length => upTo(cutAt(length, fraction - 0.5), end),
      holds: true,
    })
  forward.client.pause()
  end()
}

/** Bytes that go through before a cut: fewer than there are. */
const cutAt = (length: number | undefined, fraction: number): number =>
  Math.floor((length ?? CUT_BYTES_MAX) * fraction)

async function cutRequest(forward: Forward, { fraction }: Fault): Promise<void> {
  const given = forward.client.headers['content-length']
  const bytes = cutAt(given === undefined ? undefined : Number(given), fraction)
  const upstream = forward.start()
  upstream.on('error', () => {})
  upstream.flushHeaders()
  const cut = upTo(bytes, () => {
    // What went before has time to arrive, so that the service has begun on it.
    setTimeout(() => {
      upstream.destroy()
      reset(forward.client)
    }, 20)
  })
  forward.client.pipe(cut).pipe(upstream, { end: false })
}

function cutAnswer(forward: Forward, { kind, fraction }: Fault): Promise<void> {
  const { socket } = forward.client
  if (kind === 'corrupted')
    return pass(forward, { answer: length => corrupted(cutAt(length, fraction)) })
  if (kind === 'shortened') return pass(forward, { shortenedTo: fraction })
  const cut = kind === 'truncated' ? () => socket.destroySoon() : () => reset(forward.client)
  // Bytes on their way arrive first: a reset overtakes what was not read yet.
  const later = () => setTimeout(cut, 20)
  return pass(forward, { answer: length => upTo(cutAt(length, fraction), later), holds: true })
}
