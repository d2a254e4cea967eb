/**
 * Reads a split of a text format batch by batch: fills the window, has the records' fields found,
 * then decodes column by column. A row is judged as a whole: every column of the schema is checked
 * whether or not it is read, so rejects never depend on what a worker happened to read. What cannot
 * fail, utf8, is decoded only where it is wanted; the other kinds cost no more decoded than checked.
 */
import { isUtf8 } from 'node:buffer'
import type { Batch } from '../../../engine/data/batch.ts'
import type { Column } from '../../../engine/data/column.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { ReadRequest, SplitEnd, SplitReader } from '../../../engine/io/source.ts'
import type { ByteStream } from './byte-stream.ts'
import type { Clock, Decode } from './decode/index.ts'
import { textOf } from './decode/text-of.ts'
import { type Bytes, type Fields, NULL } from './fields.ts'
import { linesOf, type Rejected, Rejects } from './rejects.ts'
import type { Scratch } from './scratch.ts'
import type { Stopped, Walk } from './walk.ts'

/** What tells one text format from another. */
export interface TextFormat {
  readonly schema: AnySchema
  readonly clocks: readonly Clock[]
  readonly latin1: boolean
  /** Marks the nulls of column k, and refuses what the decoders would take though the format does not. */
  prepare(f: Fields, k: number): void
  /** Resolves the escapes of source[start..end) into `into` (which has room); answers the length. */
  unescape(source: Bytes, start: number, end: number, into: Bytes): number
}

export interface Opened {
  readonly uri: string
  readonly stream: ByteStream
  /** Where our records may start, [from, stop). Before `from` there may be a line that is not ours. */
  readonly from: number
  readonly stop: number
  readonly walk: Walk
  tokenise(): Stopped
  /** True where `from` is the byte before a guessed start: what is left of its line is passed over. */
  readonly guessed: boolean
  /** Bytes and lines before `from` that belong to the split: a header. */
  readonly before: { readonly startedAt: number; readonly lines: number } | null
}

export class RecordReader implements SplitReader, Fields {
  bytes: Bytes
  view: DataView
  readonly at: Int32Array
  readonly stride: number
  rows = 0
  plain: Bytes
  readonly #format: TextFormat
  readonly #o: Opened
  readonly #request: ReadRequest
  readonly #scratch: Scratch
  readonly #bad = new Map<number, { column: number; why: string }>()
  readonly #rejects: Rejects
  #wanted: readonly boolean[]
  #batch: Batch | null = null
  #column = -1
  #stored = 0
  #firstRow = 0
  #startedAt = -1
  #done = false
  #closed = false

  constructor(format: TextFormat, opened: Opened, { request, scratch }: { request: ReadRequest; scratch: Scratch }) {
    this.#format = format
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
    walk.skipping = opened.guessed
    if (opened.guessed) walk.lines = -1
    walk.lines += opened.before?.lines ?? 0
    walk.stop = opened.stop - window.base
    this.#rejects = new Rejects(uri, format, request)
    for (const text of scratch.texts) text?.startSplit()
  }

  next(): Batch | null | Promise<Batch | null> {
    const { walk } = this.#o
    this.#batch = null
    while (!this.#done) {
      walk.rows = 0
      walk.broken.length = 0
      const lines = walk.lines
      const from = walk.next
      const stopped = this.#tokenise()
      if (stopped === 'done') this.#done = true
      const batch = walk.rows > 0 || walk.broken.length > 0 ? this.#decode(from, lines) : null
      if (batch !== null) return batch
      if (stopped !== 'more') continue
      const filling = this.#fill()
      if (filling !== null) return filling.then(() => this.next())
    }
    this.#advance()
    return null
  }

  #tokenise(): Stopped {
    const { walk, guessed, from } = this.#o
    const { window } = this.#scratch
    walk.bytes = this.bytes = window.bytes
    walk.view = this.view = window.view
    walk.limit = window.limit
    walk.final = window.final
    walk.stop = this.#o.stop - window.base
    // A guessed start that lies beyond the split: nothing is ours, however long the line.
    if (this.#startedAt < 0 && walk.skipping && guessed && walk.next >= walk.stop) return 'done'
    const skipping = walk.skipping
    const stopped = this.#o.tokenise()
    if (this.#startedAt < 0 && !(skipping && guessed && walk.skipping))
      this.#startedAt = guessed ? this.#firstStart(skipping) : from
    return stopped
  }

  /** Where the walk's first record could start: after the line break that ended the skipped line. */
  #firstStart(skipped: boolean): number {
    return this.#scratch.window.base + (skipped ? this.#skippedTo : this.#o.walk.next)
  }

  get #skippedTo(): number {
    return this.#o.walk.skippedTo
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
    const origin = { uri, offsets, firstRow: this.#firstRow }
    this.#firstRow += walk.rows
    if (this.#bad.size > 0 || walk.broken.length > 0) this.#reject({ from, lines })
    if (this.#bad.size > 0) {
      batch.selection = this.#alive()
      batch.selected = walk.rows - this.#bad.size
    }
    this.#batch = { ...batch, origin }
    return batch.selected === 0 ? null : this.#batch
  }

  #plainColumn(k: number, decode: Decode): Column {
    const column = this.#scratch.columns[k] as Column
    this.#format.prepare(this, k)
    decode(this, k, column, this.#format.clocks[k] as Clock)
    return column
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

  refuse(row: number, why: string): void {
    if (!this.#bad.has(row)) this.#bad.set(row, { column: this.#column, why })
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
    for (const [row, { column, why }] of this.#bad) {
      const start = walk.starts[row] as number
      const at = 2 * (row * this.stride + column)
      const known = column >= 0 && why !== 'not UTF-8'
      const got = known ? (this.at[at + 1] === NULL ? 'null' : this.#shown(at)) : null
      found.push({ start, end: walk.ends[row] as number, column, why, got })
    }
    found.sort((a, b) => a.start - b.start)
    const { bytes } = this
    const { base } = this.#scratch.window
    this.#rejects.report(found, { bytes, base, lineAt: linesOf(bytes, from, Math.max(0, lines)) })
  }

  #shown(at: number): string {
    const start = this.at[at] as number
    const end = this.at[at + 1] as number
    if (end - start > 4096) return `${this.bytes.utf8Slice(start, start + 100)}…`
    return textOf(this, at)
  }

  end(): SplitEnd | null {
    const { walk, before, stop, from, guessed } = this.#o
    if (!this.#done) return null
    const endedAt = this.#scratch.window.base + walk.next
    const startedAt = before?.startedAt ?? (guessed ? this.#startedAt : from)
    if (before === null && (startedAt < 0 || startedAt >= stop)) return null
    return { startedAt, endedAt, lines: Math.max(0, walk.lines) }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#o.stream.close()
    this.#scratch.release()
  }
}
