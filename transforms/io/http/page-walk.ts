/**
 * Walks a page once: checks that it is JSON, takes the few values that paging needs, and makes JSON
 * lines of its list of rows where they lie. Between two elements stands one comma, which becomes the
 * line feed, and so does the last bracket; line feeds within elements become spaces. Nothing is copied.
 */
import { schemaOf } from '../../../engine/data/schema.ts'
import { LF } from '../files/walk.ts'
import type { Bytes } from '../files/fields.ts'
import { ObjectWalk } from '../ndjson/object.ts'

/** A path's keys that are still to be found, and which path it is; -1: that of the rows. */
interface Wanted {
  readonly id: number
  readonly keys: readonly string[]
}

export interface WalkedPage {
  /** Where the lines lie; both 0 where there are none. */
  readonly start: number
  readonly end: number
  /** Elements of the list. */
  readonly rows: number
  /** False where the page has no list, or null, at the path of the rows. */
  readonly listed: boolean
  /** By path: what is there, undefined for nothing. Lists and objects are not taken. */
  readonly values: readonly (string | number | boolean | null | undefined)[]
}

/** Why a page is no JSON; `short`: it ends too early. */
export class NotJson extends Error {
  readonly short: boolean
  constructor(message: string, short: boolean) {
    super(message)
    this.short = short
  }
}

const NESTING_MAX = 1000
const [TAB, CR, SPACE, QUOTE, COMMA, COLON] = [9, 13, 32, 34, 44, 58]
const [OPENING, CLOSING, OPEN, CLOSE] = [91, 93, 123, 125]
/** Bytes behind the page that the walk may look at. */
export const SLACK = 4

export class PageWalk {
  readonly #bytes: Bytes
  readonly #length: number
  readonly #json: ObjectWalk
  readonly #values: WalkedPage['values'][number][]
  #rows = 0
  #start = 0
  #end = 0
  #listed = false

  /** `bytes`: the page and room behind it, which is overwritten. */
  constructor(bytes: Bytes, length: number, paths: number) {
    this.#bytes = bytes
    this.#length = length
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const o = { breaks: true, bytes, view, nestingMax: NESTING_MAX }
    this.#json = new ObjectWalk(schemaOf([]), o)
    this.#json.limit = length
    this.#values = Array.from({ length: paths })
    bytes.fill(0, length)
    bytes[length] = LF
  }

  /** Throws NotJson. */
  walk(rows: readonly string[], paths: readonly (readonly string[])[]): WalkedPage {
    const wanted = [{ id: -1, keys: rows }, ...paths.map((keys, id) => ({ id, keys }))]
    const mark = this.#bytes.toString('latin1', 0, 3) === '\xef\xbb\xbf' ? 3 : 0
    const end = this.#space(this.#value(this.#space(mark), wanted))
    if (end !== this.#length) this.#fail(end)
    return {
      start: this.#start,
      end: this.#end,
      rows: this.#rows,
      listed: this.#listed,
      values: this.#values,
    }
  }

  /** The byte after the value at i. */
  #value(i: number, wanted: readonly Wanted[]): number {
    const c = this.#bytes[i]
    const here = wanted.filter(w => w.keys.length === 0)
    if (c === OPENING && here.some(w => w.id < 0)) return this.#list(i)
    const below = wanted.filter(w => w.keys.length > 0)
    if (c === OPEN && below.length > 0) return this.#object(i, below)
    const end = this.#any(i)
    for (const { id } of here) this.#take(id, i, end)
    return end
  }

  #take(id: number, start: number, end: number): void {
    const c = this.#bytes[start]
    if (id < 0) this.#listed = c === 110
    else if (c !== OPEN && c !== OPENING)
      this.#values[id] = JSON.parse(this.#bytes.toString('utf8', start, end)) as string
  }

  #object(start: number, wanted: readonly Wanted[]): number {
    const bytes = this.#bytes
    let i = this.#space(start + 1)
    if (bytes[i] === CLOSE) return i + 1
    for (;;) {
      if (bytes[i] !== QUOTE) this.#fail(i)
      const end = this.#any(i)
      const key = JSON.parse(bytes.toString('utf8', i, end)) as string
      i = this.#space(end)
      if (bytes[i] !== COLON) this.#fail(i)
      const found = wanted.filter(w => w.keys[0] === key)
      const rest = found.map(({ id, keys }) => ({ id, keys: keys.slice(1) }))
      i = this.#space(this.#value(this.#space(i + 1), rest))
      if (bytes[i] === CLOSE) return i + 1
      if (bytes[i] !== COMMA) this.#fail(i)
      i = this.#space(i + 1)
    }
  }

  /** The list of rows, which becomes lines. Of a key that is there twice the last one counts. */
  #list(start: number): number {
    const bytes = this.#bytes
    this.#rows = 0
    this.#listed = true
    let i = this.#space(start + 1)
    if (bytes[i] === CLOSING) {
      this.#start = this.#end = 0
      return i + 1
    }
    const commas: number[] = []
    for (;;) {
      i = this.#space(this.#any(i))
      this.#rows++
      if (bytes[i] === CLOSING) break
      if (bytes[i] !== COMMA) this.#fail(i)
      commas.push(i)
      i = this.#space(i + 1)
    }
    this.#start = start + 1
    this.#end = i + 1
    for (let at = bytes.indexOf(LF, start); at >= 0 && at < i; at = bytes.indexOf(LF, at + 1))
      bytes[at] = SPACE
    for (const comma of commas) bytes[comma] = LF
    bytes[i] = LF
    return i + 1
  }

  #any(i: number): number {
    const end = this.#json.any(i)
    if (end < 0 || end > this.#length) this.#fail(end < 0 ? this.#json.failedAt : end)
    return end
  }

  #space(i: number): number {
    const bytes = this.#bytes
    while (i < this.#length) {
      const c = bytes[i]
      if (c !== SPACE && c !== LF && c !== CR && c !== TAB) return i
      i++
    }
    return this.#length
  }

  #fail(i: number): never {
    if (i >= this.#length) throw new NotJson('it ends too early', true)
    const near = this.#bytes.toString('utf8', Math.max(0, i - 20), Math.min(this.#length, i + 20))
    throw new NotJson(
      `at byte ${i}, near ${JSON.stringify(near)}`,
      this.#json.deep === '' && this.#cut(i),
    )
  }

  /** A list or object that does not end is told at its start. */
  #cut(i: number): boolean {
    const last = this.#bytes[this.#space(0) === this.#length ? 0 : this.#length - 1]
    const c = this.#bytes[i]
    return (c === OPEN || c === OPENING) && last !== CLOSE && last !== CLOSING
  }
}
