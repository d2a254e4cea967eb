/**
 * Walks JSON lines: a record is a line, and must be an object. Blank lines are no records. A kernel
 * passes over what is as it should be (`walk-kernel.ts`); this is the whole rule, for the lines that
 * it leaves, and for where there is none.
 */
import { CR, LF, skipLine, type Stopped, type Walk } from '../files/walk.ts'
import type { ObjectWalk } from './object.ts'
import type { WalkKernel } from './walk-kernel.ts'

const SPACE = 32
const TAB = 9

/** Lines in a row that the kernel leaves at once. */
const IDLE_MAX = 64

/** Walks until the rows are full, more bytes are needed, or the next line is not ours. */
export function tokeniseLines(w: Walk, walk: ObjectWalk, kernel: WalkKernel | null): Stopped {
  if (w.skipping && !skipLine(w)) return w.final ? 'done' : 'more'
  walk.over(w.bytes, w.view)
  walk.limit = w.limit
  if (kernel === null || !kernel.sees(w)) return lines(w, walk, w.rowsMax)
  // A file with something odd in every line is not walked twice.
  for (let idle = 0; idle < IDLE_MAX; ) {
    if (!kernel.run(w)) idle++
    if (w.rows === w.rowsMax) return 'full'
    const stopped = lines(w, walk, w.rows + 1)
    if (stopped !== 'full') return stopped
    if (w.rows === w.rowsMax) return 'full'
  }
  return lines(w, walk, w.rowsMax)
}

/** The rule, until there are `rowsMax` rows. */
function lines(w: Walk, walk: ObjectWalk, rowsMax: number): Stopped {
  const { bytes, limit, final, stop, starts, ends, at, stride, recordBytesMax } = w
  while (w.rows < rowsMax) {
    const start = w.next
    if (start >= stop || (start >= limit && final)) return 'done'
    const first = past(bytes, start)
    const object = bytes[first] === LF ? first : walk.object(first, at, w.rows * stride * 2)
    let end = object < 0 ? -1 : past(bytes, object)
    if (end < 0 || bytes[end] !== LF) end = bytes.indexOf(LF, start)
    const long = Math.min(end, limit) - start > recordBytesMax
    if (end >= limit && !final && !long) return 'more'
    w.next = Math.min(end + 1, limit)
    if (end < limit) w.lines++
    else if (!final) w.skipping = true
    const right = object >= 0 && past(bytes, object) === end
    if (long || !right) {
      const why = long
        ? 'longer than a record may be'
        : walk.deep || whyNot(bytes.toString('utf8', start, Math.min(end, start + EXPLAINED_MAX)))
      w.broken.push({ start, end: Math.min(end, limit), why })
      if (w.skipping) return 'more'
    } else if (object > first) {
      starts[w.rows] = start
      ends[w.rows++] = end
    }
  }
  return 'full'
}

/** Past spaces, tabs and carriage returns. */
function past(bytes: Uint8Array, i: number): number {
  for (;;) {
    const c = bytes[i]
    if (c !== SPACE && c !== TAB && c !== CR) return i
    i++
  }
}

const EXPLAINED_MAX = 1 << 16

/** Why a text is no JSON object. */
export function whyNot(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    const got = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`
    return `expected a JSON object, got ${got}`
  } catch (error) {
    return `not JSON: ${error instanceof Error ? error.message.replaceAll(/\s+/g, ' ').slice(0, 120) : ''}`
  }
}
