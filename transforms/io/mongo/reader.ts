/** Reads a split: documents page by page into columns; those that do not fit are rejected. */
import { type Batch, dense } from '../../../engine/data/batch.ts'
import { isNested } from '../../../engine/data/kind.ts'
import { joined } from '../../../engine/data/plain.ts'
import type { Field } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type {
  ReadRequest,
  SkippedRows,
  Split,
  SplitEnd,
  SplitReader,
} from '../../../engine/io/source.ts'
import { idText, jsonAt, shownAt } from './bson/shown.ts'
import { broken, TYPE } from './bson/types.ts'
import type { Decoder, Refused } from './decoder.ts'
import type { Page, Pages } from './pages.ts'

export interface Opened {
  readonly split: Split
  readonly decoder: Decoder
  readonly pages: Pages
  /** By position in the schema. */
  readonly paths: readonly string[]
  /** The column that increments go by; -1 where there is none. */
  readonly by: number
  /** Tells of rows that were not read, once all others were. */
  readonly skipped: (() => Promise<readonly SkippedRows[]>) | null
  /** Takes the decoder back. */
  done(): void
}

export class MongoReader implements SplitReader {
  readonly #o: Opened
  readonly #request: ReadRequest
  #wanted: readonly boolean[]
  #page: Page | null = null
  /** Documents of the page before this batch, and with it. */
  #from = 0
  #to = 0
  #rows = 0
  #ended = false
  #closed = false
  #batch: Batch | null = null

  constructor(o: Opened, request: ReadRequest) {
    this.#o = o
    this.#request = request
    this.#wanted = request.wanted
    o.decoder.startSplit()
  }

  async next(): Promise<Batch | null> {
    for (;;) {
      if (this.#page === null || this.#to === this.#page.count) {
        this.#page = this.#ended ? null : await this.#o.pages.next()
        this.#to = 0
        if (this.#page === null) return this.#finish()
        this.#request.advance(this.#page.size)
      }
      const batch = this.#taken(this.#page)
      if (batch.selected > 0) return batch
    }
  }

  async #finish(): Promise<null> {
    this.#batch = null
    if (this.#ended) return null
    this.#ended = true
    for (const { rows, by } of (await this.#o.skipped?.()) ?? [])
      this.#request.leaveOut?.skipped(rows, by)
    return null
  }

  /** Lengths that lead out of a reply are those of broken documents. */
  #taken(page: Page): Batch {
    try {
      return this.#take(page)
    } catch (error) {
      if (error instanceof RangeError) broken(TYPE.document)
      throw error
    }
  }

  #take(page: Page): Batch {
    const { decoder, split } = this.#o
    const { walk } = decoder
    this.#from = this.#to
    const rows = Math.min(decoder.rowsMax, page.count - this.#from)
    this.#to += rows
    walk.over(page.bytes)
    for (let row = 0; row < rows; row++) {
      const i = this.#from + row
      walk.document(page.starts[i] as number, page.ends[i] as number, row)
    }
    decoder.rows = rows
    const columns = decoder.columns(this.#wanted)
    if (this.#o.by >= 0) this.#checkBy(rows)
    const batch = dense(decoder.schema, columns, rows)
    batch.origin = { uri: split.uri, offsets: null, firstRow: this.#rows }
    this.#rows += rows
    if (decoder.refused.size > 0) this.#reject(page, batch)
    this.#batch = batch
    return batch
  }

  /** A document without such a time is in no increment, so it is in none of them. */
  #checkBy(rows: number): void {
    const { decoder, by } = this.#o
    const { types, stride } = decoder
    for (let row = 0; row < rows; row++)
      if (types[row * stride + by] !== TYPE.date)
        decoder.refuseAs(row, by, 'increments go by it, so it must be a date')
  }

  #reject(page: Page, batch: Batch): void {
    const { refused, selection } = this.#o.decoder
    let selected = 0
    for (let row = 0; row < batch.rows; row++) {
      const found = refused.get(row)
      if (found === undefined) selection[selected++] = row
      else this.#tell(page, row, found)
    }
    batch.selection = selection
    batch.selected = selected
  }

  #tell({ bytes, starts }: Page, row: number, { column, why }: Refused): void {
    const { decoder, split, paths } = this.#o
    const field = decoder.schema.list[column] as Field
    const { types, at, stride, idSlot } = decoder
    const s = row * stride + column
    const id = row * stride + idSlot
    const got = shownAt(bytes, types[s] as number, at[2 * s] as number)
    const reason = reasonOf({ field, path: paths[column] as string, got, why })
    const named = idText(bytes, types[id] as number, at[2 * id] as number)
    this.#request.reject({
      reason: `${reason} (_id ${named})`,
      column: field.name,
      uri: split.uri,
      line: null,
      offset: null,
      raw: jsonAt(bytes, TYPE.document, starts[this.#from + row] as number),
    })
  }

  widen(wanted: readonly boolean[]): Batch {
    const batch = this.#batch
    if (batch === null) throw new Fault('engine', 'there is no batch to widen')
    this.#wanted = wanted
    wanted.forEach((is, k) => {
      if (is && !batch.columns[k]) batch.columns[k] = this.#o.decoder.text(k)
    })
    return batch
  }

  end(): SplitEnd | null {
    const { start, end } = this.#o.split
    return this.#ended ? { startedAt: start, endedAt: end, lines: 0 } : null
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#o.pages.close()
    this.#page = null
    this.#o.done()
  }
}

/** `lines[2].price: expected decimal(10,2), got string "abc"`. */
function reasonOf(o: { field: Field; path: string; got: string; why: string }): string {
  const { kind } = o.field
  if (isNested(kind) && o.why.includes('expected '))
    return o.why.startsWith('expected ') ? `${o.path}: ${o.why}` : joined(o.path, o.why)
  const why = o.why === '' || o.why === 'missing' ? '' : ` (${o.why})`
  return `${o.path}: expected ${kind.required.name}, got ${o.got}${why}`
}
