/**
 * Documents of a range, a reply of the server at a time, as the bytes that came: one reply is decoded
 * while the next is under way. A cursor that dies in the middle (a reset connection, a primary that
 * stepped down, a cursor that the server forgot) is taken up again after the last document that
 * arrived; nothing comes twice, and nothing is lost.
 */
import type { Address } from './address.ts'
import { Level } from './bson/levels.ts'
import { boundAt, DocumentWalk } from './bson/walk.ts'
import type { Lease } from './client.ts'
import { mayPass, mongoFault } from './faults.ts'
import type { Settings } from './options.ts'
import { type Asked, findCommand, type Position, type Range } from './range.ts'
import { CommandReplies, CursorReplies, type Page, type Replies } from './replies.ts'
import { Patience } from './retry.ts'

export type { Page }

export interface PagesOf {
  readonly lease: Lease
  readonly address: Address
  readonly settings: Settings
  readonly range: Range
  readonly asked: Asked
}

export class Pages {
  readonly #o: PagesOf
  readonly #patience: Patience
  #cursor: Replies | null = null
  #ahead: Promise<Page | null> | null = null
  #last: Page | null = null
  #after: Position | null = null
  /** True where the next document may be the one of `#after`. */
  #again = false
  #ended = false
  #closed = false
  /** Cursors that were opened, for tests and notes. */
  opened = 0

  constructor(o: PagesOf) {
    this.#o = o
    this.#patience = new Patience(o.settings.deadlineMs)
  }

  /** The next reply's documents, null at the end. Valid for as long as somebody holds it. */
  async next(): Promise<Page | null> {
    const page = await (this.#ahead ?? this.#fetch())
    this.#ahead = null
    if (page === null || this.#closed) return null
    this.#ahead = this.#fetch()
    // Whoever asks for it hears of its failure; a reader that is closed before has no use for it.
    this.#ahead.catch(() => undefined)
    return page
  }

  async #fetch(): Promise<Page | null> {
    for (;;) {
      if (this.#ended || this.#closed) return null
      try {
        const page = await this.#reply()
        this.#patience.answered()
        if (page === null) this.#ended = true
        else if (page.count > 0) this.#last = page
        if (page === null || page.count > 0) return page
      } catch (error) {
        await this.#rest(error)
      }
    }
  }

  /** Waits before the range is taken up again. Throws where that would be of no use. */
  async #rest(error: unknown): Promise<void> {
    this.#drop()
    const { address } = this.#o
    if (this.#closed) return
    if (!mayPass(error, true) || !(await this.#patience.wait()))
      throw mongoFault(error, address, 'read')
    if (this.#last !== null) this.#after = this.#position(this.#last, this.#last.count - 1)
    this.#again = this.#after !== null && this.#o.range.key === '_id'
  }

  async #reply(): Promise<Page | null> {
    this.#cursor ??= this.#open()
    const page = await this.#cursor.next()
    const again = page !== null && this.#again && this.#after?.id === this.#position(page, 0).id
    this.#again = false
    return page !== null && again ? withoutFirst(page) : page
  }

  #open(): Replies {
    const { lease, address, range, asked } = this.#o
    const { client, driver } = lease
    const db = client.db(address.database)
    const find = findCommand(driver.BSON, range, { asked, after: this.#after })
    this.opened++
    return range.direct
      ? new CommandReplies(driver, db, { find, batch: range.batch })
      : new CursorReplies(db, find, range.batch)
  }

  /** Of document i of a page. */
  #position({ bytes, starts, ends }: Page, i: number): Position {
    const { key } = this.#o.range
    const level = Level.of(['_id', key])
    const walk = new DocumentWalk(level, { at: new Int32Array(4), stride: 2, rowsMax: 1 })
    walk.over(bytes)
    walk.document(starts[i] as number, ends[i] as number, 0)
    return { id: boundAt(walk, 0), key: boundAt(walk, 1) }
  }

  /** The server's cursor is closed there too, unless it is gone anyway. */
  #drop(): void {
    this.#cursor?.close().catch(() => undefined)
    this.#cursor = null
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const cursor = this.#cursor
    this.#cursor = null
    try {
      // The reply that is under way comes first: its connection is in use until then.
      await this.#ahead
      await cursor?.close()
    } catch {
      // It was read to where it was wanted: what fails afterwards changes nothing.
    }
    this.#last = null
    this.#o.lease.release()
  }
}

function withoutFirst({ bytes, starts, ends, count, size }: Page): Page {
  const first = (ends[0] as number) - (starts[0] as number)
  return {
    bytes,
    starts: starts.subarray(1),
    ends: ends.subarray(1),
    count: count - 1,
    size: size - first,
  }
}
