/**
 * Requests for bytes whose length is known, over kept connections: the bytes go straight to where they
 * are wanted (`connection.ts`). What else is answered is read by Node's client, as `send` answers it.
 */
import type { Duplex } from 'node:stream'
import { ServiceError } from './answer.ts'
import { broken } from './broken.ts'
import type { Origin } from './connect.ts'
import { Connection } from './connection.ts'
import type { Head } from './head.ts'
import { answerOn, closeAgents, type HttpAnswer, refused } from './http.ts'

/** A GET. Nothing of it is changed on the way: not its path either, which may be signed. */
export interface Asking {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

export interface Receiving {
  readonly into: Uint8Array
  /** So many more bytes are there, after those before them. */
  arrived?(bytes: number): void
  /** Ends it. */
  readonly signal?: AbortSignal | undefined
  /** A body may be silent for so long. Default: 30,000 ms. */
  readonly silentMs?: number
  /** Whether a success is the one that is wanted. Default: any of as many bytes as are wanted. */
  accepts?(head: Pick<HttpAnswer, 'status' | 'headers'>): boolean
}

/** An answer whose bytes are being received. */
export interface Filling {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Ends once all bytes are there, or no more can come. */
  readonly filled: Promise<void>
}

const URL_PARTS = /^(https?):\/\/(\[[^\]]+\]|[^/:?#@]+)(?::(\d+))?([/?][\x21-\x7e]*)?$/

const SILENT_MS = 30_000

/** Idle connections, the last used at the end. */
const idle = new Map<string, Connection[]>()

/** Answers once the head is there. Throws the network's errors. */
export async function receive(asking: Asking, o: Receiving): Promise<Filling | HttpAnswer> {
  const [, scheme = '', name = '', port, path = '/'] = URL_PARTS.exec(asking.url) ?? []
  if (scheme === '') throw new TypeError('not a URL for a request')
  const secure = scheme === 'https'
  const host = name.replace(/^\[|\]$/g, '')
  const head = [`GET ${path.startsWith('/') ? path : `/${path}`} HTTP/1.1`]
  const named = Object.keys(asking.headers).some(key => key.toLowerCase() === 'host')
  if (!named) head.push(`host: ${name}${port === undefined ? '' : `:${port}`}`)
  for (const [key, value] of Object.entries(asking.headers)) head.push(`${key}: ${value}`)
  if (head.some(line => /[^\t\x20-\xff]/.test(line))) throw new TypeError('not a header')
  const connection = connectionTo({ secure, host, port: Number(port ?? (secure ? 443 : 80)) })
  return ask(connection, `${head.join('\r\n')}\r\n\r\n`, o)
}

async function ask(connection: Connection, text: string, o: Receiving) {
  const { into, signal, silentMs = SILENT_MS, arrived = () => {}, accepts = () => true } = o
  const end = () => connection.end(signal?.reason)
  if (signal?.aborted) end()
  signal?.addEventListener('abort', end, { once: true })
  const release = () => signal?.removeEventListener('abort', end)
  const isAsked = (head: Head) => (head.status === 200 || head.status === 206) && accepts(head)
  try {
    const answer = await connection.ask(text, { into, arrived, silentMs, accepts: isAsked })
    if ('rest' in answer) return await answerOf(answer.rest, release)
    const { head, filled } = answer
    filled.then(release, release)
    return { status: head.status, headers: head.headers, filled }
  } catch (error) {
    release()
    throw error
  }
}

/** What is aborted after that ends with the connection. */
async function answerOf(rest: Duplex, release: () => void): Promise<HttpAnswer> {
  const answer = await answerOn(rest)
  answer.body.once('close', () => {
    release()
    rest.destroy()
  })
  return answer
}

/** As `receive`, of a success. Throws ServiceError: another status, or other bytes. */
export async function fill(asking: Asking, o: Receiving): Promise<Filling> {
  const accepts: Receiving['accepts'] = head => isPart(asking.headers.range, head)
  const answer = await received(asking, { ...o, accepts })
  if ('filled' in answer) return answer
  if (accepts(answer)) return pour(answer, o)
  answer.body.destroy()
  const { status, headers } = answer
  throw new ServiceError({ status, code: '', message: 'other bytes than were asked for', headers })
}

/** Whether a success begins where `range` does: a server need not take ranges. */
export function isPart(
  range: string | undefined,
  { status, headers }: Pick<HttpAnswer, 'status' | 'headers'>,
): boolean {
  const from = /^bytes=(\d+)-/.exec(range ?? '')?.[1]
  if (from === undefined) return true
  if (status !== 206) return status === 200 && from === '0'
  const said = /^bytes (\d+)-/i.exec(headers['content-range'] ?? '')?.[1]
  return said === undefined || said === from
}

/** As `receive`, with statuses that the caller knows. Throws ServiceError: another one. */
export async function received(asking: Asking, o: Receiving, also: readonly number[] = []) {
  const answer = await receive(asking, o)
  const { status } = answer
  if ('filled' in answer || (status >= 200 && status < 300) || also.includes(status)) return answer
  throw await refused(answer)
}

/** The body of an answer that says its length otherwise, or does not. */
export function pour(answer: HttpAnswer, { into, arrived }: Receiving): Filling {
  const filled = (async () => {
    let at = 0
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      if (at + chunk.length > into.length) throw broken('more bytes came than were asked for')
      into.set(chunk, at)
      at += chunk.length
      arrived?.(chunk.length)
    }
    if (at < into.length) throw broken(`the body ended after ${at} of ${into.length} bytes`)
  })()
  filled.catch(() => {})
  return { status: answer.status, headers: answer.headers, filled }
}

function connectionTo(origin: Origin): Connection {
  const key = `${origin.secure} ${origin.host} ${origin.port}`
  const kept = idle.get(key) ?? []
  for (let last = kept.pop(); last; last = kept.pop()) if (last.open) return last
  const keep = (those: Connection[]) => (those.length > 0 ? idle.set(key, those) : idle.delete(key))
  return new Connection(origin, {
    freed: connection => keep([...(idle.get(key) ?? []), connection]),
    closed: connection => keep((idle.get(key) ?? []).filter(c => c !== connection)),
  })
}

/** Closes idle connections: a process that is done need not wait for their time limit. */
export function closeIdle(): void {
  closeAgents()
  for (const kept of idle.values()) for (const connection of kept) connection.end()
  idle.clear()
}
