/**
 * The pages of a split, one after the other, as a stream of JSON lines. A page is checked as a whole
 * before the first of its rows is given, so that one that breaks is asked for again and no row comes
 * twice. The next pages are asked for while these are read, as far as their addresses are known.
 */
import { Fault } from '../../../engine/fault.ts'
import type { ByteStream } from '../files/byte-stream.ts'
import type { HttpChoices } from './options.ts'
import { Pace } from './pace.ts'
import { NotJson, PageWalk } from './page-walk.ts'
import { Circle, type Pages, type Place } from './paging.ts'
import { type Answer, ask, shown } from './request.ts'
import { Passing, retried } from './retry.ts'

/** Which pages: those from the nth on. `to`: before this one, Infinity for all that come. */
export interface Range {
  readonly from: number
  readonly to: number
  /** Pages before this one are known to be there. */
  readonly known: number
}

export interface Page {
  readonly place: Place
  readonly url: string
  readonly link: string | null
  readonly date: string | null
  readonly lines: Uint8Array
  readonly rows: number
  readonly values: readonly (string | number | boolean | null | undefined)[]
  readonly stored: number
}

/** Pages asked for ahead, where their addresses are known, as long as all that are held are no larger. */
const AHEAD = 4
const HELD_BYTES = 16 * 2 ** 20
/** A page that is no JSON is asked for again this often: the service may have been interrupted. */
const BROKEN_MAX = 4

export class Chain implements ByteStream {
  readonly #pages: Pages
  readonly #range: Range
  readonly #choices: HttpChoices
  readonly #home: string
  readonly #pace: Pace
  readonly #circle = new Circle()
  readonly #ended = new AbortController()
  /** Asked for, in order. */
  #ahead: Promise<Page>[] = []
  #asked: number
  #page: Page | null = null
  #used = 0
  #count = 0
  #largest = 0
  #done = false
  stored = 0
  /** Told of each page before its first byte is given. */
  onPage: (page: Page) => void = () => {}

  constructor(
    pages: Pages,
    range: Range,
    o: { choices: HttpChoices; home: string; requestsPerSecond: number },
  ) {
    this.#pages = pages
    this.#range = range
    this.#asked = range.from
    this.#choices = o.choices
    this.#home = o.home
    this.#pace = new Pace(o.requestsPerSecond)
  }

  read(into: Buffer, offset: number, length: number): number | Promise<number> {
    const page = this.#page
    if (page === null) {
      if (this.#done) return 0
      return this.next().then(() => this.read(into, offset, length))
    }
    const count = Math.min(length, page.lines.length - this.#used)
    into.set(page.lines.subarray(this.#used, this.#used + count), offset)
    this.#used += count
    if (this.#used === page.lines.length) this.#page = null
    return count
  }

  /** Takes the next page; answers null at the end. */
  async next(): Promise<Page | null> {
    this.#fill()
    const first = this.#ahead.shift()
    if (first === undefined) {
      this.#done = true
      return null
    }
    const page = await first
    this.#take(page)
    this.#follow(page)
    return page
  }

  #take(page: Page): void {
    const choices = this.#choices
    const { place, lines } = page
    this.#circle.pass(place, lines, choices)
    if (++this.#count > choices.pagesMax)
      throw new Fault('data', `${shown(place.url, choices)} is past page ${choices.pagesMax}`, {
        hint: 'where so many are right, raise option pagesMax',
      })
    const n = this.#range.from + this.#count - 1
    if (page.rows === 0 && n < this.#range.known)
      throw new Fault(
        'data',
        `${shown(place.url, choices)} has no rows, though the service counted more`,
        {
          hint: 'its rows were changed while they were read: run again',
        },
      )
    this.#largest = Math.max(this.#largest, page.stored)
    this.stored += page.stored
    this.onPage(page)
    this.#page = lines.length === 0 ? null : page
    this.#used = 0
  }

  /** Asks for the first page, and for those whose addresses need no page before them. */
  #fill(): void {
    const { known, to, from } = this.#range
    const room = this.#largest === 0 ? AHEAD : Math.floor(HELD_BYTES / this.#largest)
    const ahead = Math.min(AHEAD, Math.max(1, room))
    const limit = this.#count === 0 ? Math.max(from + 1, Math.min(known, to)) : Math.min(known, to)
    while (this.#ahead.length < ahead && this.#asked < limit) {
      const place = this.#pages.nth(this.#asked)
      if (place === null) return
      this.#asked++
      this.#ask(place)
    }
  }

  /** Asks for the page after the last one that is known, where there is one. */
  #follow(page: Page): void {
    const { known, to, from } = this.#range
    if (this.#ahead.length > 0 || this.#asked < Math.min(known, to)) return
    if (from + this.#count >= to) return
    const place = this.#pages.after(page.place, page)
    if (place === null) return
    this.#asked++
    this.#ask(place)
  }

  #ask(place: Place): void {
    const asked = this.#read(place)
    // It is awaited in its turn; until then a failure waits with it.
    asked.catch(() => {})
    this.#ahead.push(asked)
  }

  #read(place: Place): Promise<Page> {
    const { signal } = this.#ended
    const { deadlineMs } = this.#choices
    const attempt = async (): Promise<Page> => {
      await this.#pace.turn(signal)
      const o = { home: this.#home, choices: this.#choices, signal }
      return this.#walked(place, await ask(place.url, o))
    }
    return retried(attempt, { deadlineMs, signal })
  }

  #walked(place: Place, { bytes, length, url, link, date, type, content }: Answer): Page {
    const { rows: path } = this.#choices
    const none = {
      place,
      url,
      link,
      date,
      lines: new Uint8Array(0),
      rows: 0,
      values: [],
      stored: 0,
    }
    if (!content) return none
    try {
      const walk = new PageWalk(bytes, length, this.#pages.paths.length)
      const walked = walk.walk(path, this.#pages.paths)
      if (!walked.listed) throw this.#unlisted(place)
      const lines = bytes.subarray(walked.start, walked.end)
      const { rows, values } = walked
      return { ...none, lines, rows, values, stored: length }
    } catch (error) {
      if (error instanceof NotJson) throw this.#notJson(place, error, { type, length })
      throw error
    }
  }

  #unlisted({ url }: Place): Fault {
    const path = this.#choices.rows.join('.')
    const where = path === '' ? 'is no list' : `has no list at ${JSON.stringify(path)}`
    return new Fault('data', `${shown(url, this.#choices)} ${where}`, {
      hint: "option rows says where a page has its rows, such as 'data.items'",
    })
  }

  #notJson({ url }: Place, error: NotJson, o: { type: string; length: number }): Error {
    const fault = new Fault('data', `${shown(url, this.#choices)} is not JSON: ${error.message}`, {
      detail: [`got  ${o.length} bytes of ${o.type || 'no type'}`],
    })
    return /html/.test(o.type) ? fault : new Passing(fault, { triesMax: BROKEN_MAX })
  }

  close(): void {
    this.#ended.abort()
    this.#ahead = []
    this.#done = true
  }
}
