/**
 * Tries again what may pass: exponential backoff with full jitter (Brooker, "Exponential Backoff And
 * Jitter", AWS Architecture Blog 2015), never earlier than Retry-After asks, until the attempts or the
 * deadline are used up. Which failures pass is each system's own to say.
 */
import { setTimeout as sleep } from 'node:timers/promises'

export interface Backoff {
  /** The first wait is a random part of it; each later one of twice as much. Milliseconds. */
  readonly firstMs: number
  /** No wait is longer, unless Retry-After asks for it. */
  readonly mostMs: number
}

export interface Persistence extends Backoff {
  /** From the first attempt on: no wait is begun that would end after it. */
  readonly deadlineMs: number
  /** In all. Default: as many as the deadline has room for. */
  readonly attempts?: number
}

/** The wait after failure `failures`, which counts from 0: a random part of the whole. */
export const jitteredMs = (failures: number, o: Backoff, random = Math.random()): number =>
  random * Math.min(o.mostMs, o.firstMs * 2 ** failures)

/**
 * Runs `act` until it succeeds; `attempt` counts from 1. `passes` answers how long is to be waited at
 * least, in milliseconds; null where the failure is final.
 *
 * Throws  what the last attempt threw
 */
export async function persisted<T>(
  act: (attempt: number) => Promise<T>,
  o: Persistence & {
    passes(error: unknown, attempt: number): number | null
    readonly signal?: AbortSignal | undefined
  },
): Promise<T> {
  const until = performance.now() + o.deadlineMs
  for (let attempt = 1; ; attempt++) {
    try {
      return await act(attempt)
    } catch (error) {
      const least = o.signal?.aborted ? null : o.passes(error, attempt)
      if (least === null || attempt >= (o.attempts ?? Number.POSITIVE_INFINITY)) throw error
      const waitMs = Math.max(least, jitteredMs(attempt - 1, o))
      if (performance.now() + waitMs > until) throw error
      await sleep(waitMs, undefined, o.signal ? { signal: o.signal } : {})
    }
  }
}

/** Milliseconds that a Retry-After header asks for: seconds, or a date (RFC 9110); null: neither. */
export function retryAfterMs(header: string | null | undefined, now = Date.now()): number | null {
  const text = (header ?? '').trim()
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}
