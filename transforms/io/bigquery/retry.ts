/** How long requests are tried again, where the service's answer says that it may help. */
import { persisted, type Persistence } from '../retry/retry.ts'
import { ApiFailure } from './failure.ts'

export const RETRY: Persistence = { deadlineMs: 120_000, firstMs: 250, mostMs: 20_000 }

/** Throws what the last attempt threw: final, or out of time. */
export const retried = <T>(work: () => Promise<T>, limits = RETRY): Promise<T> =>
  persisted(work, {
    ...limits,
    passes: error => (error instanceof ApiFailure && error.passing ? error.retryAfterMs : null),
  })
