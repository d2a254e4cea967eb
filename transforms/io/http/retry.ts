/** Tries again what may pass, as long as a service asks for with Retry-After, until a deadline. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../../engine/fault.ts'
import { jitteredMs } from '../retry/retry.ts'

const BACKOFF = { firstMs: 200, mostMs: 20_000 }

/** A failure that may pass, and the fault that it is where it does not. */
export class Passing extends Error {
  readonly fault: Fault
  /** What the service asked to wait; null: nothing. */
  readonly afterMs: number | null
  /** Met so often it is taken for lasting, whatever else failed between. */
  readonly triesMax: number

  constructor(fault: Fault, o: { afterMs?: number | null; triesMax?: number } = {}) {
    super(fault.message)
    this.fault = fault
    this.afterMs = o.afterMs ?? null
    this.triesMax = o.triesMax ?? Infinity
  }
}

/**
 * What `attempt` answers.
 *
 * Throws  what it throws, but Passing only past the deadline, and then as its fault
 */
export async function retried<T>(
  attempt: () => Promise<T>,
  o: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<T> {
  const started = performance.now()
  const met = new Map<number, number>()
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof Passing)) throw error
      if (o.signal.aborted) throw error.fault
      const spent = performance.now() - started
      const times = (met.get(error.triesMax) ?? 0) + 1
      met.set(error.triesMax, times)
      const waitMs = error.afterMs ?? jitteredMs(tries - 1, BACKOFF)
      if (times >= error.triesMax || spent + waitMs > o.deadlineMs)
        throw given(error, { tries, spent, deadlineMs: o.deadlineMs })
      await sleep(waitMs, undefined, { signal: o.signal })
    }
  }
}

function given(
  { fault, afterMs }: Passing,
  o: { tries: number; spent: number; deadlineMs: number },
): Fault {
  const times = o.tries === 1 ? 'once' : `${o.tries} times`
  const asked = afterMs === null ? '' : `; it asks to wait ${Math.ceil(afterMs / 1000)} s`
  return new Fault(fault.kind, fault.message, {
    detail: [
      ...fault.detail,
      `tried  ${times} in ${(o.spent / 1000).toFixed(1)} s of ${o.deadlineMs / 1000} s${asked}`,
    ],
    ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    cause: fault.cause,
  })
}
