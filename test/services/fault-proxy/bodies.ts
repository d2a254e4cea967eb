/** What happens to a body on its way: late, or only so many bytes of it. */
import { Transform, type TransformCallback } from 'node:stream'

/** A chunk of a slow link. */
const CHUNK_BYTES = 4096

/** Passes the first `bytes` bytes, then calls `then` once; what comes later is dropped. */
export function upTo(bytes: number, then: () => void): Transform {
  let left = bytes
  let done = false
  const end = () => {
    if (!done) then()
    done = true
  }
  return new Transform({
    transform(chunk: Buffer, _, next: TransformCallback) {
      const part = chunk.subarray(0, left)
      left -= part.length
      next(null, part.length > 0 ? part : undefined)
      // What was passed on is written before the cut.
      if (left === 0) setImmediate(end)
    },
    flush(next) {
      // A body that is shorter than thought is cut at its end.
      end()
      next()
    },
  })
}

/** Passes all bytes, in small chunks, late by `slowMs` in all. */
export function slowed(slowMs: number): Transform {
  let left = slowMs
  return new Transform({
    async transform(chunk: Buffer, _, next: TransformCallback) {
      for (let at = 0; at < chunk.length; at += CHUNK_BYTES) {
        const wait = Math.min(left, slowMs / 8)
        left -= wait
        if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait))
        this.push(chunk.subarray(at, at + CHUNK_BYTES))
      }
      next()
    },
  })
}

/** Passes all bytes, one of them changed. */
export function corrupted(at: number): Transform {
  let seen = 0
  return new Transform({
    transform(chunk: Buffer, _, next: TransformCallback) {
      const here = at - seen
      seen += chunk.length
      if (here < 0 || here >= chunk.length) return next(null, chunk)
      const copy = Buffer.from(chunk)
      copy[here] = copy[here]! ^ 1
      next(null, copy)
    },
  })
}
