/**
 * Replies of one cursor on the server. Where one server answers all requests (a stand-alone one, the
 * primary of a set) the find and its getMores are plain commands whose replies are taken as they come:
 * not even the driver makes an object for a document. Where there may be several (a sharded cluster,
 * secondaries, a load balancer) the driver's own cursor keeps to the one that has it, at 2 µs a document
 * more.
 */
import type { ClientSession, Db, Document, RunCommandCursor } from 'mongodb'
import type { Bytes } from '../files/fields.ts'
import { afterName, broken, TYPE, valueEnd } from './bson/types.ts'
import type { Driver } from './client.ts'

/** Documents of one reply. */
export interface Page {
  readonly bytes: Bytes
  /** Document i is bytes[starts[i]..ends[i]). */
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly count: number
  /** Bytes of the documents. */
  readonly size: number
}

export interface Replies {
  /** Null at the end. */
  next(): Promise<Page | null>
  close(): Promise<void>
}

/** The driver keeps an object for each document of a reply: many at a time outlive the young generation. */
const CURSOR_BATCH_MAX = 2000

export class CursorReplies implements Replies {
  readonly #cursor: RunCommandCursor

  constructor(db: Db, command: Document, batch: number) {
    const batchSize = Math.min(batch, CURSOR_BATCH_MAX)
    const readPreference = db.readPreference ?? 'primary'
    const cursor = db.runCursorCommand({ ...command, batchSize }, { raw: true, readPreference })
    this.#cursor = cursor.setBatchSize(batchSize)
  }

  async next(): Promise<Page | null> {
    const first = (await this.#cursor.next()) as unknown as Uint8Array | null
    if (first === null) return null
    return pageOf([first, ...(this.#cursor.readBufferedDocuments() as unknown as Uint8Array[])])
  }

  close(): Promise<void> {
    return this.#cursor.close()
  }
}

/** A reply's documents lie in one buffer; where they do not, they are copied into one. */
function pageOf(documents: readonly Uint8Array[]): Page {
  const [first] = documents
  const count = documents.length
  const whole = first !== undefined && documents.every(d => d.buffer === first.buffer)
  const starts = new Int32Array(count)
  const ends = new Int32Array(count)
  let size = 0
  for (let i = 0; i < count; i++) {
    const { byteOffset, byteLength } = documents[i] as Uint8Array
    starts[i] = whole ? byteOffset : size
    size += byteLength
    ends[i] = (starts[i] as number) + byteLength
  }
  const bytes = whole ? Buffer.from(first.buffer) : Buffer.concat(documents)
  return { bytes: bytes as unknown as Bytes, starts, ends, count, size }
}

export class CommandReplies implements Replies {
  readonly #driver: Driver
  readonly #db: Db
  readonly #find: Document
  readonly #batch: number
  /** A cursor belongs to the session that opened it. */
  readonly #session: ClientSession
  /** Null before the first reply; 0 where the server has closed it. */
  #id: bigint | null = null

  constructor(driver: Driver, db: Db, o: { find: Document; batch: number }) {
    this.#driver = driver
    this.#db = db
    this.#find = o.find
    this.#batch = o.batch
    this.#session = db.client.startSession({ causalConsistency: false })
  }

  async next(): Promise<Page | null> {
    for (;;) {
      if (this.#id === 0n) return null
      const reply = await this.#ask(this.#id === null ? this.#find : this.#more(this.#id))
      const { id, page } = replyOf(reply['cursor'] as Bytes, this.#batch)
      this.#id = id
      if (page.count > 0) return page
    }
  }

  #more(id: bigint): Document {
    const getMore = this.#driver.Long.fromBigInt(id)
    return { getMore, collection: this.#find['find'], batchSize: this.#batch }
  }

  #ask(command: Document): Promise<Document> {
    const readPreference = this.#db.readPreference ?? 'primary'
    return this.#db.command(command, { raw: true, readPreference, session: this.#session })
  }

  async close(): Promise<void> {
    const id = this.#id
    this.#id = 0n
    try {
      if (id !== null && id !== 0n) {
        const cursors = [this.#driver.Long.fromBigInt(id)]
        await this.#ask({ killCursors: this.#find['find'], cursors })
      }
    } finally {
      await this.#session.endSession()
    }
  }
}

/** The cursor of a reply, as BSON: its id, and where the documents of its batch lie. */
export function replyOf(bytes: Bytes, expected: number): { id: bigint; page: Page } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let id = 0n
  let page: Page | null = null
  for (let p = 4; bytes[p] !== 0; ) {
    const type = bytes[p] as number
    const start = afterName(bytes, p + 1)
    const name = bytes.latin1Slice(p + 1, start - 1)
    const end = valueEnd(bytes, view, type, start)
    if (end > bytes.length) broken(type)
    if (name === 'id' && type === TYPE.long) id = view.getBigInt64(start, true)
    if ((name === 'firstBatch' || name === 'nextBatch') && type === TYPE.array)
      page = batchOf(bytes, view, { start, end, expected })
    p = end
  }
  if (page === null) throw broken(TYPE.document)
  return { id, page }
}

function batchOf(
  bytes: Bytes,
  view: DataView,
  { start, end, expected }: { start: number; end: number; expected: number },
): Page {
  let starts = new Int32Array(expected)
  let ends = new Int32Array(expected)
  let count = 0
  let size = 0
  for (let p = start + 4; bytes[p] !== 0; count++) {
    if (bytes[p] !== TYPE.document || p >= end) broken(TYPE.array)
    if (count === starts.length) {
      starts = grown(starts)
      ends = grown(ends)
    }
    const from = afterName(bytes, p + 1)
    p = valueEnd(bytes, view, TYPE.document, from)
    starts[count] = from
    ends[count] = p
    size += p - from
  }
  return { bytes, starts, ends, count, size }
}

function grown(places: Int32Array): Int32Array<ArrayBuffer> {
  const more = new Int32Array(places.length * 2 + 1)
  more.set(places)
  return more
}
