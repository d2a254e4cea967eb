/** Another attempt where a connection broke, or the server asks for one: exponential backoff with full jitter. */
import { mayPass } from './faults.ts'

const ATTEMPTS_MAX = 6
const BACKOFF_MS = 100
const DEADLINE_MS = 60_000

/** Faults of work that was tried often enough: whoever called it does not multiply that. */
const spent = new WeakSet<object>()

/** Only for work that may be done again: it is, until it succeeds, fails for good, or has taken too long. */
export async function retried<T>(work: (attempt: number) => Promise<T>): Promise<T> {
  const started = Date.now()
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt)
    } catch (error) {
      const late = attempt >= ATTEMPTS_MAX || Date.now() - started > DEADLINE_MS
      if (!mayPass(error) || spent.has(error as object)) throw error
      if (late) {
        spent.add(error as object)
        throw error
      }
      await new Promise(r => setTimeout(r, Math.random() * BACKOFF_MS * 2 ** (attempt - 1)))
    }
  }
}
