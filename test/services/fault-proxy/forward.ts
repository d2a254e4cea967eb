/** Forwarding one HTTP request and its answer: the plain way, and the steps that the faults are made of. */
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { Transform } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { upTo } from './bodies.ts'

export interface Forward {
  readonly client: IncomingMessage
  readonly answer: ServerResponse
  /** Begins the request to the service, without its body. */
  readonly start: () => ClientRequest
  /** Host and port of the service. */
  readonly service: string
}

export interface Way {
  /** What the request's body goes through. */
  readonly request?: Transform
  /** What the answer's body goes through; `length` is undefined where it does not say. */
  readonly answer?: (length: number | undefined) => Transform
  /** The answer is not ended: what it goes through does that. */
  readonly holds?: boolean
  /** Share of the answer's body that it says it has, and has. */
  readonly shortenedTo?: number
}

const HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding'])

/** Headers, name and value in turn, without those between two hops; the body's framing is made anew. */
export function withoutHop(raw: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i < raw.length; i += 2)
    if (!HOP.has(raw[i]!.toLowerCase())) kept.push(raw[i]!, raw[i + 1]!)
  return kept
}

/** The headers of an answer; where it points to (an upload's session) is reached through the proxy too. */
export function headersOf(told: IncomingMessage, { client, service }: Forward): string[] {
  const headers = withoutHop(told.rawHeaders)
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i]!.toLowerCase() === 'location')
      headers[i + 1] = headers[i + 1]!.replace(service, client.headers.host ?? service)
  return headers
}

/** Ends a client's connection with a TCP reset. */
export const reset = (client: IncomingMessage): void => void client.socket.resetAndDestroy()

export const collected = (body: IncomingMessage): Promise<Buffer> => buffer(body)

/** The service's answer, its body not read yet. */
export function firstOf(upstream: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  upstream.once('response', resolve).once('error', reject)
  return promise
}

/** Forwards the request, and its answer as it comes. Rejects where the service cannot be reached. */
export async function pass(forward: Forward, way: Way = {}): Promise<void> {
  const { client, answer } = forward
  const upstream = forward.start()
  answer.once('close', () => upstream.destroy())
  const body = way.request ? client.pipe(way.request) : client
  body.pipe(upstream)
  const told = await firstOf(upstream)
  upstream.on('error', () => reset(client))
  told.on('error', () => reset(client))
  const length = lengthOf(client, told)
  const headers = headersOf(told, forward)
  if (way.shortenedTo !== undefined && length !== undefined)
    return shorten(told, answer, headers, Math.floor(length * way.shortenedTo))
  answer.writeHead(told.statusCode ?? 502, headers)
  answer.flushHeaders()
  const through = way.answer?.(length)
  if (!through) return void told.pipe(answer)
  told.pipe(through).pipe(answer, { end: !way.holds })
}

/** Begins a client's request to the service at `port`, under that service's own name. */
export function startTo(port: number, client: IncomingMessage): ClientRequest {
  const service = `127.0.0.1:${port}`
  const headers = withoutHop(client.rawHeaders)
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i]!.toLowerCase() === 'host') headers[i + 1] = service
  const { method = 'GET', url: path = '/' } = client
  const to = { host: '127.0.0.1', port, method, path, headers }
  return request({ ...to, agent: false, setHost: false })
}

/** Forwards to the service at `port`: for what a proxy has nothing to say to. */
export function passTo(
  port: number,
  client: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const start = () => startTo(port, client)
  return pass({ client, answer, start, service: `127.0.0.1:${port}` })
}

/** Bytes of an answer's body. */
function lengthOf(client: IncomingMessage, told: IncomingMessage): number | undefined {
  if (client.method === 'HEAD') return 0
  const given = told.headers['content-length']
  return given === undefined ? undefined : Number(given)
}

function shorten(
  told: IncomingMessage,
  to: ServerResponse,
  headers: string[],
  bytes: number,
): void {
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i]!.toLowerCase() === 'content-length') headers[i + 1] = `${bytes}`
  to.writeHead(told.statusCode ?? 502, headers)
  told.pipe(upTo(bytes, () => {})).pipe(to)
}

/** Forwards the whole request, reads the whole answer, and resets the client's connection instead of telling it. */
export async function lost(forward: Forward): Promise<void> {
  const upstream = forward.start()
  forward.client.pipe(upstream)
  const told = await firstOf(upstream)
  told.resume()
  await new Promise(resolve => told.once('close', resolve))
  reset(forward.client)
}
