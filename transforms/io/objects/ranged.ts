/**
 * The bytes of a range, whatever happens on the way: a body that breaks off, stalls or is too short is
 * asked for again from where it stopped. What was received counts as progress, so attempts begin anew.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { answerOf, mayPass } from './answer.ts'
import type { Filling, Receiving } from './receive.ts'
import { retried, type RetryLimits } from './retry.ts'
import type { ReadOptions } from './store.ts'

/** Asks for bytes [start, end), which go to `into`. */
export type Ask = (range: { start: number; end: number }, o: Receiving) => Promise<Filling>

/** Interruptions without a byte between them. */
const BREAKS_MAX = 6
const PAUSE_MS = 250

/** Fills `into` with the bytes from `start` on. */
export async function ranged(
  ask: Ask,
  { start, into }: { readonly start: number; readonly into: Uint8Array },
  { signal: ended, arrived, ...limits }: ReadOptions & RetryLimits = {},
): Promise<void> {
  let at = 0
  const count = (bytes: number) => {
    at += bytes
    arrived?.(bytes)
  }
  for (let breaks = 0; at < into.length; ) {
    const from = at
    const asked = (attempt: AbortSignal) => {
      const signal = ended ? AbortSignal.any([attempt, ended]) : attempt
      const range = { start: start + from, end: start + into.length }
      return ask(range, { into: into.subarray(from), arrived: count, signal })
    }
    // What was not answered was tried again already.
    const { filled } = await retried(asked, { ...limits, signal: ended })
    try {
      await filled
    } catch (error) {
      breaks = at > from ? 1 : breaks + 1
      if (ended?.aborted || !mayPass(answerOf(error)) || breaks > BREAKS_MAX) throw error
      await sleep(Math.random() * PAUSE_MS * 2 ** breaks, undefined, ended ? { signal: ended } : {})
    }
  }
}
