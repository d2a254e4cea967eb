/**
 * The bytes of a range, whatever happens on the way: a body that breaks off, stalls or is too short is
 * asked for again from where it stopped. What was received counts as progress, so attempts begin anew.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../../engine/fault.ts'
import type { HttpAnswer } from './http.ts'
import { answerOf, mayPass } from './answer.ts'
import { retried, type RetryLimits } from './retry.ts'
import { isOwn } from './sockets.ts'

/** An answer's body: an iterable that may be left early. */
export type Body = AsyncIterable<Uint8Array>

/** Asks for bytes [start, end); the body must have no more. */
export type Ask = (start: number, end: number, signal: AbortSignal) => Promise<Body>

/** Interruptions without a byte between them. */
const BREAKS_MAX = 6
/** A body may be silent for so long. */
const SILENT_MS = 30_000
const PAUSE_MS = 250

export async function* ranged(
  ask: Ask,
  range: { readonly start: number; readonly end: number },
  limits: RetryLimits = {},
): AsyncGenerator<Uint8Array> {
  const { end } = range
  let at = range.start
  for (let breaks = 0; at < end; ) {
    const from = at
    const controller = new AbortController()
    let whole = false
    try {
      const asked = retried(signal => ask(at, end, either(signal, controller.signal)), limits)
      for await (const chunk of watched(await asked, controller)) {
        if (at + chunk.length > end) throw broken(`more bytes came than were asked for`)
        if (!isOwn(chunk)) throw new Fault('engine', 'this Node hands out the bytes of a socket')
        at += chunk.length
        yield chunk
      }
      if (at < end) throw broken(`the body ended after ${at - from} of ${end - from} bytes`)
      whole = true
    } catch (error) {
      breaks = at > from ? 1 : breaks + 1
      if (!mayPass(answerOf(error)) || breaks > BREAKS_MAX) throw error
      await sleep(Math.random() * PAUSE_MS * 2 ** breaks)
    } finally {
      // A request that is done has given its connection back already.
      if (!whole) controller.abort()
    }
  }
}

/** Ends a body that is silent for too long; leaving it early ends its request. */
async function* watched(body: Body, controller: AbortController): AsyncGenerator<Uint8Array> {
  let silent = false
  const end = () => {
    silent = true
    controller.abort()
    ;(body as { destroy?: () => void }).destroy?.()
  }
  let timer = setTimeout(end, SILENT_MS)
  try {
    for await (const chunk of body) {
      clearTimeout(timer)
      yield chunk
      timer = setTimeout(end, SILENT_MS)
    }
    if (silent) throw broken(`no byte came for ${SILENT_MS / 1000} s`)
  } catch (error) {
    throw silent ? broken(`no byte came for ${SILENT_MS / 1000} s`) : error
  } finally {
    clearTimeout(timer)
  }
}

const either = (one: AbortSignal, other: AbortSignal): AbortSignal => AbortSignal.any([one, other])

function broken(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
}

/** A body of ours whose head says how many bytes it has. */
export const bodyIn = ({ body }: HttpAnswer): Body => body as AsyncIterable<Uint8Array>
