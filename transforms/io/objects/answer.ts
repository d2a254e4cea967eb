/**
 * What a service answered, in one form for all clients: Google's (`code`, `errors[].reason`), AWS's
 * (`name`, `$metadata`, `$response`), our own requests (`ServiceError`) and the network's (`code`,
 * `syscall`). It tells whether the same request may succeed when it is sent again.
 */
import { retryAfterMs } from '../retry/retry.ts'

export interface ServiceAnswer {
  /** HTTP status; null where no answer came. */
  readonly status: number | null
  /** The service's or system's own word: `NoSuchBucket`, `rateLimitExceeded`, `ECONNRESET`. */
  readonly code: string
  readonly message: string
  /** What Retry-After asked for; null where it did not. */
  readonly retryAfterMs: number | null
  /** Lower-case names; empty where no answer came. */
  readonly headers: Readonly<Record<string, string>>
}

/** An HTTP answer that is no success. */
export class ServiceError extends Error implements ServiceAnswer {
  readonly status: number | null
  readonly code: string
  readonly retryAfterMs: number | null
  readonly headers: Readonly<Record<string, string>>

  constructor(answer: Omit<ServiceAnswer, 'retryAfterMs'>) {
    super(answer.message)
    this.name = 'ServiceError'
    this.status = answer.status
    this.code = answer.code
    this.headers = answer.headers
    this.retryAfterMs = retryAfterMs(answer.headers['retry-after'])
  }
}

/** The shapes that the clients' errors have, all of them optional. */
interface Shapes {
  name?: string
  message?: string
  code?: unknown
  status?: unknown
  errors?: readonly { reason?: string; message?: string }[]
  response?: { status?: number; headers?: unknown }
  $metadata?: { httpStatusCode?: number }
  $response?: { statusCode?: number; headers?: unknown }
  cause?: unknown
}

export function answerOf(error: unknown): ServiceAnswer {
  if (error instanceof ServiceError) return error
  const e = (error ?? {}) as Shapes
  const status = statusOf(e)
  const headers = headersOf(e.$response?.headers ?? e.response?.headers)
  const message = messageOf(e, error)
  const code = codeOf(e)
  if (status === null && code === '' && e.cause instanceof Error) return answerOf(e.cause)
  return { status, code, message, headers, retryAfterMs: retryAfterMs(headers['retry-after']) }
}

function statusOf({ code, status, response, $metadata, $response }: Shapes): number | null {
  const found = [$metadata?.httpStatusCode, $response?.statusCode, response?.status, status, code]
  const number = found.map(Number).find(n => Number.isInteger(n) && n >= 100 && n < 600)
  return number ?? null
}

function codeOf({ name = '', code, errors, $metadata }: Shapes): string {
  const [first] = errors ?? []
  if (first?.reason) return first.reason
  if ($metadata && name !== '' && name !== 'Error') return name
  if (typeof code === 'string' && !/^\d+$/.test(code)) return code
  return /^(?:Error|TypeError|FetchError|GaxiosError|ApiError)$/.test(name) ? '' : name
}

function messageOf({ name = '', message = '', errors }: Shapes, error: unknown): string {
  const text = errors?.[0]?.message ?? (message === '' ? name || String(error) : message)
  // Some services answer with a page.
  return text.replace(/\s+/g, ' ').slice(0, 400)
}

function headersOf(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) return {}
  // Not `instanceof Headers`, whose mere mention loads undici, in each thread.
  const entries = Symbol.iterator in headers ? [...(headers as Headers)] : Object.entries(headers)
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]))
}

const PASSING = new Set([408, 429, 500, 502, 503, 504])
const PASSING_CODES =
  /^(?:E(?:CONNRESET|CONNREFUSED|CONNABORTED|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NETDOWN|AI_AGAIN)|UND_ERR_.*|TimeoutError|.*Throttl.*|SlowDown|RequestTimeout|RequestTimeTooSkewed|RequestLimitExceeded|InternalError|ServiceUnavailable|rateLimitExceeded|userRateLimitExceeded|backendError|internalError|ERR_STREAM_PREMATURE_CLOSE|HPE_.*|IncompleteBody|.*NetworkingError)$/

/** Whether the same request may succeed later: it was too much, too early, or the way there failed. */
export function mayPass({ status, code, message }: ServiceAnswer): boolean {
  if (PASSING_CODES.test(code)) return true
  if (status !== null) return PASSING.has(status)
  return /socket hang up|premature close|aborted|network socket disconnected/i.test(message)
}
