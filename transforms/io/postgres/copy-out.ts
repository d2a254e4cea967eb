/**
 * `COPY … TO STDOUT (FORMAT binary)`, read straight from the connection: the rows' bytes are gathered in
 * one window, and where each field of a row lies there is noted; nothing is made for a row or a value.
 * The protocol sends each row as one CopyData message (manual, 55.2.6):
 *
 * | offset | size | meaning                                                     |
 * |--------|------|-------------------------------------------------------------|
 * | 0      | 1    | `d`                                                         |
 * | 1      | 4    | length of the message, itself included                      |
 * | 5      | 2    | fields of the row; -1 ends the data                         |
 * | 7      |      | each field: its length (4; -1 is null), then its bytes      |
 *
 * Before the first row: 11 bytes of signature, 4 of flags, 4 for the length of an extension, and that.
 */
import type { Connection, Submittable } from 'pg'
import type { Socket } from 'node:net'
import { Fault } from '../../../engine/fault.ts'

/** What is decoded at once: it stays in the second-level cache. */
const BATCH_BYTES = 1 << 20
/** Not yet looked at: past it the server waits. */
const PENDING_BYTES_MAX = 1 << 20
/** A larger row is not held: it is rejected. */
export const ROW_BYTES_MAX = 64 << 20
/** Of such a row, for its key. */
const PREFIX_BYTES = 1 << 16
const STALL_MS = 300_000
const [DATA, DONE, ERROR] = [0x64, 0x63, 0x45]
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')
const HEADER_BYTES = SIGNATURE.length + 8

/** Where the fields of some rows lie: field f of row r at `f * stride + r`; a length of -1 is null. */
export interface Located {
  bytes: Buffer
  view: DataView
  readonly at: Int32Array
  readonly lengths: Int32Array
  readonly stride: number
  rows: number
}

export interface CopyOutOptions {
  readonly fields: number
  readonly rowsMax: number
  /** A row that is too large to be held: its length, and its first fields as far as they are known. */
  oversized(bytes: number, first: Located): void
  readonly rowBytesMax?: number
  readonly stallMs?: number
}

export class CopyOut implements Submittable {
  readonly text: string
  readonly located: Located
  readonly #o: CopyOutOptions
  readonly #rowBytesMax: number
  /** The window's bytes not yet located, and those of it that are there. */
  #from = 0
  #to = 0
  #pending: Buffer[] = []
  #pendingBytes = 0
  /** Bytes of an oversized row that are still to come. */
  #skip = 0
  #begun = false
  #over = false
  #done = false
  #failure: unknown = null
  #wake: (() => void) | null = null
  #stream: Socket | null = null
  #listener: ((chunk: Buffer) => void) | null = null

  constructor(text: string, o: CopyOutOptions) {
    this.text = text
    this.#o = o
    this.#rowBytesMax = o.rowBytesMax ?? ROW_BYTES_MAX
    const bytes = Buffer.allocUnsafeSlow(2 * BATCH_BYTES)
    this.located = {
      bytes,
      view: new DataView(bytes.buffer, 0, bytes.length),
      at: new Int32Array(o.fields * o.rowsMax),
      lengths: new Int32Array(o.fields * o.rowsMax),
      stride: o.rowsMax,
      rows: 0,
    }
  }

  /** Takes the connection's bytes from the client library until the copy ends. */
  submit(connection: Connection): void {
    const stream = (connection as unknown as { stream: Socket }).stream
    const [listener] = stream.listeners('data')
    this.#stream = stream
    this.#listener = listener as (chunk: Buffer) => void
    stream.removeListener('data', this.#listener)
    stream.on('data', this.#onData)
    connection.query(this.text)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    if (this.#pendingBytes > PENDING_BYTES_MAX) this.#stream?.pause()
    this.#wake?.()
  }

  /**
   * The next rows, as many as make a batch: which those are follows from the rows alone. Their bytes
   * are valid until the next call. 0 at the end. Rejects with what the server or the socket said.
   */
  async next(): Promise<number> {
    const { located } = this
    located.bytes.copy(located.bytes, 0, this.#from, this.#to)
    this.#to -= this.#from
    this.#from = 0
    located.rows = 0
    while (!this.#scan()) {
      if (this.#over) await this.#end()
      if (this.#over) return located.rows
      if (this.#pending.length === 0) await this.#more()
      this.#take()
    }
    return located.rows
  }

  /** Locates rows in the window; true where they make a batch. */
  #scan(): boolean {
    const { located } = this
    const { rowsMax } = this.#o
    while (located.rows < rowsMax && this.#from < BATCH_BYTES) {
      if (this.#to - this.#from < 5) return false
      const { bytes, view } = located
      const type = bytes[this.#from]
      const length = view.getInt32(this.#from + 1) + 1
      if (type === DONE || type === ERROR) {
        this.#over = true
        return false
      }
      const large = type === DATA && length > this.#rowBytesMax
      if (this.#to - this.#from < (large ? Math.min(length, PREFIX_BYTES) : length)) return false
      if (large) this.#passOver(length)
      else {
        if (type === DATA) this.#row(this.#from + 5, this.#from + length)
        this.#from += length
      }
    }
    return true
  }

  #row(start: number, end: number): void {
    const { located } = this
    let at = this.#begun ? start : this.#header(start)
    if (at === end) return
    const fields = located.view.getInt16(at)
    at += 2
    if (fields === -1) return
    if (fields !== this.#o.fields)
      throw new Fault('engine', `a row has ${fields} fields of ${this.#o.fields} asked for`)
    if (locate(located, at, end) !== end)
      throw new Fault('engine', 'the fields of a row do not end with it')
    located.rows++
  }

  #header(at: number): number {
    const { bytes, view } = this.located
    if (SIGNATURE.compare(bytes, at, at + SIGNATURE.length) !== 0)
      throw new Fault('engine', 'the server answered COPY in another format than asked for')
    this.#begun = true
    return at + HEADER_BYTES + view.getInt32(at + HEADER_BYTES - 4)
  }

  /** Tells of the row, and drops what is there of it; the rest is dropped as it comes. */
  #passOver(length: number): void {
    const { located } = this
    const start = this.#begun ? this.#from + 5 : this.#header(this.#from + 5)
    const until = Math.min(this.#to, this.#from + PREFIX_BYTES)
    locate(located, start + 2, until)
    this.#o.oversized(length, { ...located, rows: located.rows + 1 })
    const there = Math.min(length, this.#to - this.#from)
    this.#skip = length - there
    this.#from += there
  }

  /** Moves what has come into the window. */
  #take(): void {
    const { located } = this
    const needed = this.#to + this.#pendingBytes
    if (needed > located.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, located.bytes.length * 2))
      located.bytes.copy(grown, 0, 0, this.#to)
      located.bytes = grown
      located.view = new DataView(grown.buffer, 0, grown.length)
    }
    for (const chunk of this.#pending) {
      const dropped = Math.min(this.#skip, chunk.length)
      this.#skip -= dropped
      chunk.copy(located.bytes, this.#to, dropped)
      this.#to += chunk.length - dropped
    }
    this.#pending = []
    this.#pendingBytes = 0
    this.#stream?.resume()
  }

  async #more(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    await this.#woken()
    if (this.#pending.length === 0 && this.#failure !== null) throw this.#failure
  }

  /** Gives the connection back: the client library reads how the statement ended. */
  async #end(): Promise<void> {
    this.#handOver()
    while (!this.#done) {
      if (this.#failure !== null) throw this.#failure
      await this.#woken()
    }
  }

  #handOver(): void {
    const [stream, listener] = [this.#stream, this.#listener]
    if (stream === null || listener === null) return
    this.#stream = null
    const rest = Buffer.concat([
      this.located.bytes.subarray(this.#from, this.#to),
      ...this.#pending.splice(0),
    ])
    this.#from = this.#to
    stream.removeListener('data', this.#onData)
    stream.on('data', listener)
    stream.resume()
    listener(rest)
  }

  async #woken(): Promise<void> {
    const stallMs = this.#o.stallMs ?? STALL_MS
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>(resolve => {
      this.#wake = resolve
      timer = setTimeout(() => {
        this.#failure ??= new Fault('resource', `no row came for ${stallMs / 1000} s`, {
          hint: 'look at pg_stat_activity for what the server waits for',
        })
        resolve()
      }, stallMs)
    })
    this.#wake = null
    clearTimeout(timer)
  }

  // What the client library calls.
  handleError(error: unknown): void {
    this.#failure ??= error
    this.#wake?.()
  }
  handleReadyForQuery(): void {
    this.#done = true
    this.#wake?.()
  }
  handleCommandComplete(): void {}
  handleRowDescription(): void {}
}

/** Notes where the fields lie of the row that begins at `at`; where they end, or `end` where they are cut off. */
function locate(
  { view, at: places, lengths, stride, rows }: Located,
  at: number,
  end: number,
): number {
  for (let k = rows; k < places.length; k += stride) {
    const length = at + 4 <= end ? view.getInt32(at) : -1
    at += 4
    places[k] = at
    lengths[k] = length
    if (length > 0) at += length
    if (at > end) {
      lengths[k] = -1
      for (let rest = k + stride; rest < places.length; rest += stride) lengths[rest] = -1
      return end + 1
    }
  }
  return at
}
