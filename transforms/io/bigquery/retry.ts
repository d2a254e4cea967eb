/** How long requests are tried again, where the service's answer says that it may help. */
import { persisted, type Persistence } from '../retry/retry.ts'
import { ApiFailure } from './failure.ts'

/** A refusal whose reason does not come is asked for so often. */
const UNTOLD_MAX = 5

export const RETRY: Persistence = { deadlineMs: 120_000, firstMs: 250, mostMs: 20_000 }

/** Throws what the last attempt threw: final, or out of time. */
export const retried = <T>(work: () => Promise<T>, limits = RETRY): Promise<T> =>
  persisted(work, {
    ...limits,
    passes(error, attempt) {
      if (!(error instanceof ApiFailure)) return null
      const again = error.passing || (error.untold && attempt < UNTOLD_MAX)
      return again ? error.retryAfterMs : null
    },
  })
