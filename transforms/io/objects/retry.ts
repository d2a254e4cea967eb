/**
 * Sends a request to a store again while its failure may pass (`../retry/retry.ts`). Each attempt has a
 * time limit of its own.
 */
import { persisted } from '../retry/retry.ts'
import { answerOf, mayPass, type ServiceAnswer } from './answer.ts'

export interface RetryLimits {
  /** Attempts in all. Default: 10. */
  readonly attempts?: number
  /** From the first attempt to the last answer. Default: 180,000. */
  readonly deadlineMs?: number
  /** Of one attempt. Default: 60,000. */
  readonly timeoutMs?: number
  /** The first wait is a random part of it; each later one of twice as much. Default: 200. */
  readonly firstMs?: number
  /** No wait is longer, unless Retry-After asks for it. Default: 20,000. */
  readonly mostMs?: number
}

export interface Retrying extends RetryLimits {
  /** Whether a failure may pass. Default: by status and code (`mayPass`). */
  readonly passes?: (answer: ServiceAnswer, error: unknown) => boolean
  /** Ends it all. */
  readonly signal?: AbortSignal | undefined
}

const LIMITS = {
  attempts: 10,
  deadlineMs: 180_000,
  timeoutMs: 60_000,
  firstMs: 200,
  mostMs: 20_000,
} as const

/** A port that nobody listens at is not asked as long as a service that is busy. */
const REFUSED_ATTEMPTS = 4

const tried = new WeakMap<object, number>()

/** How often the request that ended with this error was sent. */
export const attemptsOf = (error: unknown): number =>
  (typeof error === 'object' && error !== null && tried.get(error)) || 1

/**
 * Runs `act` until it succeeds. It must be safe to run again, and should end when `signal` aborts.
 *
 * Throws  the last error, as it came
 */
export async function retried<T>(
  act: (signal: AbortSignal, attempt: number) => Promise<T>,
  o: Retrying = {},
): Promise<T> {
  const limits = { ...LIMITS, ...o }
  const until = performance.now() + limits.deadlineMs
  const once = async (attempt: number): Promise<T> => {
    const left = Math.max(1, until - performance.now())
    const own = timed(Math.min(limits.timeoutMs, left), o.signal)
    try {
      return await act(own.signal, attempt)
    } catch (cause) {
      const error = own.expired() ? timedOut(cause, limits.timeoutMs) : cause
      if (typeof error === 'object' && error !== null) tried.set(error, attempt)
      throw error
    } finally {
      own.end()
    }
  }
  const passes = (error: unknown, attempt: number): number | null => {
    const answer = answerOf(error)
    if (!(o.passes ?? mayPass)(answer, error)) return null
    if (answer.code === 'ECONNREFUSED' && attempt >= REFUSED_ATTEMPTS) return null
    return answer.retryAfterMs ?? 0
  }
  return persisted(once, { ...limits, passes })
}

/** A signal that aborts after `ms` or with `outer`; `end` leaves nothing behind. */
function timed(ms: number, outer: AbortSignal | undefined) {
  const controller = new AbortController()
  let expired = false
  const timer = setTimeout(() => {
    expired = true
    controller.abort()
  }, ms)
  const follow = () => controller.abort(outer?.reason)
  if (outer?.aborted) follow()
  outer?.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    expired: () => expired,
    end: () => {
      clearTimeout(timer)
      outer?.removeEventListener('abort', follow)
    },
  }
}

function timedOut(cause: unknown, ms: number): Error {
  const error = new Error(`no answer within ${ms / 1000} s`, { cause }) as NodeJS.ErrnoException
  error.code = 'ETIMEDOUT'
  return error
}
