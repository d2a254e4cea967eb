/**
 * One HTTP request over kept connections, its answer's body as it lies on the wire: nothing is inflated,
 * a wrong length is an error, and a body that is not wanted any more closes its socket. Node's own
 * client: `fetch` inflates bodies by itself, and the Google client's transport keeps sockets of answers
 * that broke off.
 */
import type { Agent, AgentOptions, ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { type Duplex, pipeline } from 'node:stream'
import { ServiceError } from './answer.ts'
import { failure } from './broken.ts'

export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'PATCH'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Of one that comes in chunks the headers say the length. */
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array>
  readonly signal?: AbortSignal | undefined
}

export interface HttpAnswer {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** To be read to its end, or destroyed. */
  readonly body: IncomingMessage
}

/** Of one host; more requests wait. */
const SOCKETS_MAX = 64
/** An idle connection is closed before the services close it. */
const IDLE_MS = 4000
/** What is read of an answer that is no success. */
const ERROR_BYTES_MAX = 64 * 1024

const AGENT: AgentOptions = {
  keepAlive: true,
  maxSockets: SOCKETS_MAX,
  timeout: IDLE_MS,
  scheduling: 'lifo',
}

/** An `import` of node:http reads all that it exports, undici too: 70 ms of CPU a thread, where this takes 7. */
export function agentOf(protocol: 'http:' | 'https:', options: AgentOptions): Agent {
  const module =
    protocol === 'https:'
      ? process.getBuiltinModule('node:https')
      : process.getBuiltinModule('node:http')
  return new module.Agent(options)
}

const agents = new Map<string, Agent>()

/** Answers whatever the status. Throws the network's errors. */
export async function send(request: HttpRequest): Promise<HttpAnswer> {
  const url = new URL(request.url)
  const secure = url.protocol === 'https:'
  const protocol = secure ? 'https:' : 'http:'
  const { request: start } = process.getBuiltinModule(secure ? 'node:https' : 'node:http')
  const agent = agents.get(protocol) ?? agentOf(protocol, AGENT)
  agents.set(protocol, agent)
  const options: RequestOptions = {
    method: request.method ?? 'GET',
    headers: { ...lengthOf(request.body), ...request.headers },
    agent,
    ...(request.signal && { signal: request.signal }),
  }
  return new Promise((resolve, reject) => {
    const sent = start(url, options, body => {
      // Without a listener an error after the answer's head would be unhandled; readers see it too.
      body.on('error', () => {})
      // Answered before all was sent: the rest need not go.
      body.on('close', () => void (sent.writableFinished || sent.destroy()))
      resolve({ status: body.statusCode ?? 0, headers: plain(body), body })
    })
    // The agent closes idle sockets by `timeout`; one at work is not idle.
    sent.setTimeout(0)
    sent.on('error', reject)
    sent.on('close', () => reject(unanswered()))
    if (isWhole(request.body)) sent.end(request.body)
    else stream(request.body, sent)
  })
}

/** Of an answer that switches protocols (101), which Node's client neither tells nor calls an error. */
const unanswered = (): Error => failure('ECONNRESET', 'socket hang up')

/** What was answered to a GET on a connection, from its first byte. */
export function answerOn(connection: Duplex): Promise<HttpAnswer> {
  const { request } = process.getBuiltinModule('node:http')
  return new Promise((resolve, reject) => {
    const sent = request({ createConnection: () => connection }, body => {
      body.on('error', () => {})
      resolve({ status: body.statusCode ?? 0, headers: plain(body), body })
    })
    sent.on('error', reject)
    sent.on('close', () => reject(unanswered()))
    sent.end()
  })
}

/** As `send`, of a success. Throws ServiceError: another status. */
export async function succeed(
  request: HttpRequest,
  also: readonly number[] = [],
): Promise<HttpAnswer> {
  const answer = await send(request)
  const { status } = answer
  if ((status >= 200 && status < 300) || also.includes(status)) return answer
  throw await refused(answer)
}

/** A small body as a whole. Throws: it is longer than `bytesMax`, or broke off. */
export async function bodyOf(answer: HttpAnswer, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new Error(`an answer has more than ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The answer as an error, its code and message out of the body's JSON or XML. */
export async function refused(answer: HttpAnswer): Promise<ServiceError> {
  const { status, headers } = answer
  try {
    return new ServiceError({ status, headers, ...saidIn(await beginningOf(answer), status) })
  } catch (cause) {
    // A 403 may be a limit of requests, a 404 the bucket: only its body says.
    const message = `status ${status}, its reason did not come: ${(cause as Error).message}`
    return new ServiceError({ status, headers, code: 'IncompleteBody', message })
  }
}

/** A page that is longer is cut. Throws: it broke off. */
async function beginningOf({ body }: HttpAnswer): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length
    chunks.push(chunk)
    if (bytes >= ERROR_BYTES_MAX) break
  }
  return Buffer.concat(chunks).toString('utf8', 0, ERROR_BYTES_MAX)
}

function saidIn(text: string, status: number): { code: string; message: string } {
  const short = text.replace(/\s+/g, ' ').slice(0, 400)
  try {
    const { error } = JSON.parse(text) as {
      error?: { message?: string; errors?: { reason?: string }[] } | string
    }
    if (typeof error === 'string') return { code: error, message: error }
    const code = error?.errors?.[0]?.reason ?? ''
    if (error?.message) return { code, message: error.message }
  } catch {
    const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? ''
    const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1]
    if (code !== '' || message) return { code, message: message ?? code }
  }
  const page = /^\s*</.test(text)
  return { code: '', message: short === '' || page ? `status ${status}` : short }
}

type Whole = Uint8Array | string | undefined

const isWhole = (body: HttpRequest['body']): body is Whole =>
  body === undefined || typeof body === 'string' || body instanceof Uint8Array

/** An error of the source, too, ends the request with it. */
function stream(body: AsyncIterable<Uint8Array>, sent: ClientRequest): void {
  pipeline(body, sent, () => {})
}

function lengthOf(body: HttpRequest['body']): Record<string, string> {
  return isWhole(body) && body !== undefined
    ? { 'content-length': String(Buffer.byteLength(body)) }
    : {}
}

const plain = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]),
  )

/** Closes idle connections. */
export function closeAgents(): void {
  for (const agent of agents.values()) agent.destroy()
  agents.clear()
}
