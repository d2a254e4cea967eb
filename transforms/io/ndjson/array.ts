/** Walks a JSON file that is one array, element by element. What breaks the array ends the reading: there is no line to resume at. */
import { Fault } from '../../../engine/fault.ts'
import type { Bytes } from '../files/fields.ts'
import { LF, type Stopped, type Walk } from '../files/walk.ts'
import type { ObjectWalk } from './object.ts'
import { whyNot } from './tokenise.ts'

/** What comes next: `[`, an element or `]` at once, an element, a comma or `]`, nothing. */
type Expected = 'open' | 'first' | 'element' | 'comma' | 'nothing'

const OPENING = 91
const CLOSING = 93
const OBJECT = 123
/** A failure this near the end of the bytes may be for want of more. */
const NEAR = 16

export class ArrayWalk {
  readonly #uri: string
  readonly #objects: ObjectWalk
  readonly #baseOf: () => number
  #expected: Expected = 'open'
  /** Bytes up to which line breaks are counted. */
  #counted = 0

  constructor(uri: string, objects: ObjectWalk, baseOf: () => number) {
    this.#uri = uri
    this.#objects = objects
    this.#baseOf = baseOf
  }

  tokenise(w: Walk): Stopped {
    this.#counted = w.next
    this.#objects.over(w.bytes, w.view)
    this.#objects.limit = w.limit
    for (;;) {
      const i = space(w.bytes, w.next, w.limit)
      this.#count(w, i)
      w.next = i
      if (i >= w.limit) {
        if (!w.final) return 'more'
        if (
          this.#expected === 'nothing' ||
          (this.#expected === 'open' && this.#baseOf() === 0 && i === 0)
        )
          return 'done'
        throw this.#fault(w, i, 'ends before its last bracket')
      }
      const stopped = this.#step(w, i)
      if (stopped !== null) return stopped
    }
  }

  #step(w: Walk, i: number): Stopped | null {
    const c = w.bytes[i]
    switch (this.#expected) {
      case 'open':
        if (c !== OPENING) throw this.#fault(w, i, 'is no JSON array')
        return this.#pass(w, 'first')
      case 'nothing':
        throw this.#fault(w, i, 'goes on after its last bracket')
      case 'comma':
        if (c === CLOSING) return this.#pass(w, 'nothing')
        if (c !== 44) throw this.#fault(w, i, 'has no comma between two elements')
        return this.#pass(w, 'element')
      default:
        if (c === CLOSING && this.#expected === 'first') return this.#pass(w, 'nothing')
        return this.#element(w, i)
    }
  }

  #pass(w: Walk, expected: Expected): null {
    w.next++
    this.#expected = expected
    return null
  }

  #element(w: Walk, start: number): Stopped | null {
    if (w.rows >= w.rowsMax) return 'full'
    const objects = this.#objects
    const base = w.rows * w.stride * 2
    const object = objects.object(start, w.at, base)
    const end = object >= 0 || w.bytes[start] === OBJECT ? object : objects.any(start)
    // A number at the very end may go on in the next bytes.
    if (end < 0 || end >= w.limit) {
      if (Math.min(end < 0 ? w.limit : end, w.limit) - start > w.recordBytesMax)
        throw this.#fault(w, start, 'has an element longer than a record may be')
      if (!w.final && (end >= 0 || objects.failedAt > w.limit - NEAR)) return 'more'
      if (end < 0)
        throw this.#fault(
          w,
          objects.failedAt,
          w.final && objects.failedAt >= w.limit ? 'ends within an element' : 'is not valid JSON',
        )
    }
    if (object >= 0) {
      w.starts[w.rows] = start
      w.ends[w.rows++] = end
    } else w.broken.push({ start, end, why: whyNot(w.bytes.toString('utf8', start, end)) })
    this.#expected = 'comma'
    w.next = end
    return null
  }

  #count(w: Walk, to: number): void {
    for (let i = this.#counted; i < to; i++) if (w.bytes[i] === LF) w.lines++
    this.#counted = to
  }

  #fault(w: Walk, i: number, why: string): Fault {
    return new Fault('data', `${this.#uri} ${why} (at byte ${this.#baseOf() + i})`, {
      detail: [
        `near  ${JSON.stringify(w.bytes.toString('utf8', Math.max(0, i - 20), Math.min(w.limit, i + 20)))}`,
      ],
    })
  }
}

function space(bytes: Bytes, i: number, limit: number): number {
  while (i < limit) {
    const c = bytes[i]
    if (c !== 32 && c !== 9 && c !== 13 && c !== LF) return i
    i++
  }
  return limit
}
