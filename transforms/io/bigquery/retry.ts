/**
 * Requests again where that may help: exponential backoff with full jitter, at least what Retry-After
 * asks for, and a deadline for all attempts together.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiFailure } from './failure.ts'

export interface RetryLimits {
  /** Of all attempts. Milliseconds. */
  readonly deadlineMs: number
  readonly firstMs: number
  readonly longestMs: number
}

export const RETRY: RetryLimits = { deadlineMs: 120_000, firstMs: 250, longestMs: 20_000 }

/** The pause before attempt `attempt` + 1, which counts from 0. */
export const pauseMs = (attempt: number, limits: RetryLimits, random = Math.random()): number =>
  random * Math.min(limits.longestMs, limits.firstMs * 2 ** attempt)

/** Throws what the last attempt threw: final, or out of time. */
export async function retried<T>(work: () => Promise<T>, limits: RetryLimits = RETRY): Promise<T> {
  const end = Date.now() + limits.deadlineMs
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof ApiFailure) || !error.passing) throw error
      const pause = Math.max(error.retryAfterMs, pauseMs(attempt, limits))
      if (Date.now() + pause > end) throw error
      await sleep(pause)
    }
  }
}
