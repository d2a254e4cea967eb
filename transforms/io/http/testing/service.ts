/** For tests: a paged JSON service on the loopback that misbehaves by seed, and knows what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Item {
  readonly id: number
  readonly name: string
  readonly at: string
}

export const itemsOf = (count: number): Item[] =>
  Array.from({ length: count }, (_, i) => ({
    id: i,
    name: `n${i} é "x"\n`,
    at: new Date(Date.UTC(2026, 0, 1) + i * 1000).toISOString(),
  }))

export type Trouble =
  | 'limit'
  | 'limitDated'
  | 'error'
  | 'unavailable'
  | 'reset'
  | 'cut'
  | 'truncated'
  | 'stall'
  | 'redirect'
export const TROUBLES: readonly Trouble[] = [
  'limit',
  'limitDated',
  'error',
  'unavailable',
  'reset',
  'cut',
  'truncated',
  'stall',
  'redirect',
]

export interface Asked {
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly at: number
}

/** Answers a body, or takes the response itself and answers undefined. */
export type Answering = (asked: Asked, response: ServerResponse) => unknown

export interface Service {
  readonly uri: string
  readonly asked: Asked[]
  /** Troubles made so far. */
  readonly troubles: Trouble[]
  /** Requests whose answers are neither sent nor given up. */
  underWay(): number
  close(): Promise<void>
}

/** Same seed, same troubles, by the number of the request. */
export function randomOf(seed: number): () => number {
  let state = (seed * 2654435761 + 1) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export async function serve(
  answer: Answering,
  o: { seed?: number; rate?: number } = {},
): Promise<Service> {
  const random = randomOf(o.seed ?? 0)
  const asked: Asked[] = []
  const troubles: Trouble[] = []
  const open = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://service')
    const one = { url, headers: request.headers, at: performance.now() }
    asked.push(one)
    open.add(response)
    response.on('close', () => open.delete(response))
    const body = (): Buffer | undefined => {
      const given = answer(one, response)
      return given === undefined ? undefined : Buffer.from(JSON.stringify(given, null, 1))
    }
    if (random() >= (o.rate ?? 0) || url.searchParams.has('moved')) return send(response, body())
    const trouble = TROUBLES[Math.floor(random() * TROUBLES.length)] as Trouble
    troubles.push(trouble)
    make(trouble, response, { body, url, random })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    troubles,
    underWay: () => open.size,
    close: async () => {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}

function send(response: ServerResponse, body: Buffer | undefined): void {
  if (body === undefined) return
  response.setHeader('content-type', 'application/json')
  response.end(body)
}

/** Troubles that are a status alone, and what they ask to wait. */
const STATUSES: { readonly [trouble: string]: readonly [number, (() => string)?] } = {
  limit: [429, () => '0'],
  limitDated: [429, () => new Date(Date.now() - 1000).toUTCString()],
  error: [500],
  unavailable: [503],
}

function make(
  trouble: Trouble,
  response: ServerResponse,
  o: { body: () => Buffer | undefined; url: URL; random: () => number },
): void {
  const [status, after] = STATUSES[trouble] ?? []
  if (status !== undefined) {
    response.writeHead(status, after && { 'retry-after': after() })
    response.end('{"error":"trouble"}')
  } else if (trouble === 'redirect') {
    o.url.searchParams.set('moved', '1')
    response.writeHead(307, { location: `${o.url.pathname}${o.url.search}` })
    response.end()
  } else if (trouble !== 'stall') {
    const body = o.body()
    if (body !== undefined) part(trouble, response, { body, random: o.random })
  }
}

/** Some of the body, as if it were all, or with the connection lost behind it. */
function part(
  trouble: Trouble,
  response: ServerResponse,
  { body, random }: { body: Buffer; random: () => number },
): void {
  const half = body.subarray(0, Math.floor(random() * body.length))
  if (trouble === 'truncated') {
    send(response, half)
    return
  }
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
  response.write(half, () => {
    if (trouble === 'reset') response.socket?.resetAndDestroy()
    else response.socket?.destroy()
  })
}
