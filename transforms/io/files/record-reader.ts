/**
 * Reads a split of a text format batch by batch: fills the window, has the records' fields found,
 * then decodes column by column. A row is judged as a whole: every column of the schema is checked
 * whether or not it is read, so rejects never depend on what a worker happened to read. What cannot
 * fail, utf8, is decoded only where it is wanted; the other kinds cost no more decoded than checked.
 */
import { isUtf8 } from 'node:buffer'
import type { Batch } from '../../../engine/data/batch.ts'
import type { Column } from '../../../engine/data/column.ts'
import { joined } from '../../../engine/data/plain.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { ReadRequest, SplitEnd, SplitReader } from '../../../engine/io/source.ts'
import type { ByteStream } from './byte-stream.ts'
import type { DecodeKernel } from './decode-kernel.ts'
import type { Clock, Decode } from './decode/index.ts'
import { textOf } from './decode/text-of.ts'
import { type Bytes, type Fields, NULL } from './fields.ts'
import { feedsOf, linesOf, type Rejected, Rejects } from './rejects.ts'
import type { Scratch } from './scratch.ts'
import { LF, type Stopped, type Walk } from './walk.ts'

/** What tells one text format from another. */
export interface TextFormat {
  readonly schema: AnySchema
  readonly clocks: readonly Clock[]
  readonly latin1: boolean
  /** As in `Fields`. */
  readonly json: boolean
  /** Marks the nulls of column k, and refuses what the decoders would take though the format does not. */
  prepare(f: Fields, k: number): void
  /** Resolves the escapes of source[start..end) into `into` (which has room); answers the length. */
  unescape(source: Bytes, start: number, end: number, into: Bytes): number
}

interface Refused {
  readonly column: number
  readonly why: string
  /** Of a part of a nested value, which says all itself; else empty. */
  readonly part: string
}

export interface Opened {
  readonly uri: string
  readonly stream: ByteStream
  /** Our records start in [from, stop). */
  readonly from: number
  readonly stop: number
  /** True where a record may begin before `from`: ours start after the line break at or after from - 1. */
  readonly guessed: boolean
  readonly walk: Walk
  tokenise(): Stopped
  /** Line breaks of the header; null where the split does not begin its file. */
  readonly headerLines: number | null
}

export class RecordReader implements SplitReader, Fields {
  bytes: Bytes
  view: DataView
  readonly at: Int32Array
  readonly stride: number
  rows = 0
  readonly json: boolean
  plain: Bytes
  readonly #format: TextFormat
  readonly #o: Opened
  readonly #request: ReadRequest
  readonly #scratch: Scratch
  readonly #bad = new Map<number, Refused>()
  readonly #rejects: Rejects
  #wanted: readonly boolean[]
  #batch: Batch | null = null
  #column = -1
  #stored = 0
  #firstRow = 0
  /** -1 until the guessed start is found. */
  #startedAt: number
  #done = false
  #closed = false

  constructor(
    format: TextFormat,
    opened: Opened,
    { request, scratch }: { request: ReadRequest; scratch: Scratch },
  ) {
    this.#format = format
    this.json = format.json
    this.#o = opened
    this.#request = request
    this.#wanted = request.wanted
    this.#scratch = scratch
    const { walk, uri } = opened
    const { window } = scratch
    this.at = walk.at
    this.stride = walk.stride
    this.bytes = window.bytes
    this.view = window.view
    this.plain = scratch.plain
    walk.lines = opened.headerLines ?? 0
    this.#startedAt = opened.guessed ? -1 : opened.from
    this.#rejects = new Rejects(uri, format, request)
    for (const text of scratch.texts) text?.startSplit()
  }

  next(): Batch | null | Promise<Batch | null> {
    this.#batch = null
    while (!this.#done) {
      const { walk } = this.#o
      this.#look()
      const from = walk.next
      const { lines } = walk
      const stopped = this.#startedAt < 0 ? this.#align() : this.#o.tokenise()
      this.#done = stopped === 'done'
      const found = walk.rows > 0 || walk.broken.length > 0
      const batch = found ? this.#decode(from, lines) : null
      if (batch !== null) return batch
      if (stopped !== 'more') continue
      const filling = this.#fill()
      if (filling !== null) return filling.then(() => this.next())
    }
    this.#advance()
    return null
  }

  /** Lets the walk see the window as it is now. */
  #look(): void {
    const { walk, stop } = this.#o
    const { window } = this.#scratch
    walk.bytes = this.bytes = window.bytes
    walk.view = this.view = window.view
    walk.limit = window.limit
    walk.final = window.final
    walk.stop = stop - window.base
    walk.rows = 0
    walk.broken.length = 0
  }

  /** Finds the first start from a guess: a line break is taken for the end of a record. */
  #align(): Stopped {
    const { walk } = this.#o
    const feed = walk.bytes.indexOf(LF, walk.next)
    const none = feed >= walk.limit
    walk.next = none ? walk.limit : feed + 1
    if (walk.next >= walk.stop || (none && walk.final)) return 'done'
    if (none) return 'more'
    this.#startedAt = this.#scratch.window.base + walk.next
    return 'full'
  }

  #fill(): Promise<void> | null {
    const { walk, stop } = this.#o
    const { window } = this.#scratch
    const keep = walk.next
    walk.next = 0
    const filling = window.fill(keep, stop)
    this.#advance()
    return filling
  }

  #advance(): void {
    const { stored } = this.#o.stream
    if (stored > this.#stored) this.#request.advance(stored - this.#stored)
    this.#stored = stored
  }

  /** Decodes the rows found; null where none is left after the rejects. */
  #decode(from: number, lines: number): Batch | null {
    const { walk, uri } = this.#o
    const { schema } = this.#format
    const { columns, decodes } = this.#scratch
    const { window } = this.#scratch
    this.rows = walk.rows
    this.#bad.clear()
    this.plain = this.#scratch.roomFor(walk, this.#format.latin1)
    if (!this.#format.latin1) this.#checkUtf8()
    const batch: Batch = {
      schema,
      columns: schema.list.map(() => null),
      rows: walk.rows,
      selection: null,
      selected: walk.rows,
      origin: null,
      widen: null,
    }
    for (let k = 0; k < columns.length; k++) {
      this.#column = k
      const decode = decodes[k]
      if (decode) batch.columns[k] = this.#plainColumn(k, decode)
      else if (this.#wanted[k] || this.#scratch.closed[k]) batch.columns[k] = this.#textColumn(k)
    }
    const { base } = window
    const offsets = this.#scratch.offsets
    for (let row = 0; row < walk.rows; row++) offsets[row] = base + (walk.starts[row] as number)
    batch.origin = { uri, offsets, firstRow: this.#firstRow }
    this.#firstRow += walk.rows
    if (this.#bad.size > 0 || walk.broken.length > 0) this.#reject({ from, lines })
    if (this.#bad.size > 0) {
      batch.selection = this.#alive()
      batch.selected = walk.rows - this.#bad.size
    }
    this.#batch = batch
    return batch.selected === 0 ? null : batch
  }

  #plainColumn(k: number, decode: Decode): Column {
    const column = this.#scratch.columns[k] as Column
    const clock = this.#format.clocks[k] as Clock
    this.#format.prepare(this, k)
    decode(this, k, column, clock, this.#kernel()?.decode(column, clock, k, this) ?? null)
    return column
  }

  /** A long record makes the window move, out of the kernel's sight. */
  #kernel(): DecodeKernel | null {
    const { kernel, space } = this.#scratch
    return this.bytes === space.window ? kernel : null
  }

  #textColumn(k: number): Column {
    const text = this.#scratch.text(k)
    this.#format.prepare(this, k)
    text.decode(this, k)
    return text.column
  }

  widen(wanted: readonly boolean[]): Batch {
    this.#wanted = wanted
    const batch = this.#batch as Batch
    for (let k = 0; k < wanted.length; k++) {
      if (!wanted[k] || batch.columns[k]) continue
      this.#column = k
      batch.columns[k] = this.#textColumn(k)
    }
    return batch
  }

  refuse(row: number, why: string, part = ''): void {
    if (!this.#bad.has(row)) this.#bad.set(row, { column: this.#column, why, part })
  }

  unescape(start: number, end: number): number {
    return this.#format.unescape(this.bytes, start, end, this.plain)
  }

  /** All rows at once where they are right, as they nearly always are. */
  #checkUtf8(): void {
    const { walk } = this.#o
    const { starts, ends, rows } = walk
    if (rows === 0 || isUtf8(this.bytes.subarray(starts[0], ends[rows - 1]))) return
    for (let row = 0; row < rows; row++) {
      if (isUtf8(this.bytes.subarray(starts[row], ends[row]))) continue
      this.#column = -1
      for (let k = 0; k < this.stride - 1 && this.#column < 0; k++) {
        const at = 2 * (row * this.stride + k)
        const end = this.at[at + 1] as number
        if (end === NULL) continue
        if (!isUtf8(this.bytes.subarray(this.at[at], end < 0 ? ~end : end))) this.#column = k
      }
      this.refuse(row, 'not UTF-8')
    }
  }

  #alive(): Int32Array {
    const { selection } = this.#scratch
    let selected = 0
    for (let row = 0; row < this.rows; row++) if (!this.#bad.has(row)) selection[selected++] = row
    return selection
  }

  #reject({ from, lines }: { from: number; lines: number }): void {
    const { walk } = this.#o
    const found: Rejected[] = walk.broken.map(b => ({ ...b, column: -1, got: null }))
    for (const [row, refused] of this.#bad) {
      const { column, why, part } = refused
      const start = walk.starts[row] as number
      const at = 2 * (row * this.stride + column)
      const known = column >= 0 && why !== 'not UTF-8' && part === ''
      const got = known ? (this.at[at + 1] === NULL ? 'null' : this.#shown(at)) : null
      const end = walk.ends[row] as number
      found.push({ start, end, column, why: this.#placed(refused), got })
    }
    found.sort((a, b) => a.start - b.start)
    const { bytes } = this
    const { base } = this.#scratch.window
    const kernel = this.#kernel()
    const feeds = kernel === null ? feedsOf(bytes) : kernel.feeds
    this.#rejects.report(found, { bytes, base, lineAt: linesOf(feeds, from, Math.max(0, lines)) })
  }

  #placed({ column, why, part }: Refused): string {
    const { name = '' } = this.#format.schema.list[column] ?? {}
    return part === '' ? why : `${joined(name, part)}: ${why}`
  }

  #shown(at: number): string {
    const start = this.at[at] as number
    const end = this.at[at + 1] as number
    if (end - start > 4096) return `${this.bytes.utf8Slice(start, start + 100)}…`
    return textOf(this, at)
  }

  end(): SplitEnd | null {
    const { walk, headerLines, stop } = this.#o
    const startedAt = headerLines === null ? this.#startedAt : 0
    if (!this.#done || startedAt < 0 || startedAt >= stop) return null
    return { startedAt, endedAt: this.#scratch.window.base + walk.next, lines: walk.lines }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#o.stream.close()
    this.#scratch.release()
  }
}
