/** Another attempt where a connection broke, or the server asks for one. */
import { persisted } from '../retry/retry.ts'
import { mayPass } from './faults.ts'

const LIMITS = { attempts: 6, firstMs: 100, mostMs: 10_000, deadlineMs: 60_000 }

/** Faults of work that was tried often enough: whoever called it does not multiply that. */
const spent = new WeakSet<object>()

/** Only for work that may be done again: it is, until it succeeds, fails for good, or has taken too long. */
export async function retried<T>(work: (attempt: number) => Promise<T>): Promise<T> {
  const passes = (error: unknown) => (mayPass(error) && !spent.has(error as object) ? 0 : null)
  try {
    return await persisted(work, { ...LIMITS, passes })
  } catch (error) {
    if (mayPass(error)) spent.add(error as object)
    throw error
  }
}
