/** Reads one column of a split, row group after row group, in as many rows as are asked for. */
import { isText } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import type { Binding } from './bind.ts'
import { type Decoded, type Filled, join, type Piece } from './decoded.ts'
import type { ParquetFile } from './footer-read.ts'
import type { RowGroupMeta } from './format.ts'
import { PageReader } from './page-read.ts'
import { CodeDecoder } from './text-read.ts'
import { Malformed } from './thrift-read.ts'
import { type PageDecoder, ValueDecoder } from './value-read.ts'

export class ColumnReader {
  readonly #file: ParquetFile
  readonly #binding: Binding
  readonly #kind: Kind
  readonly #decoder: PageDecoder
  readonly #advance: (bytes: number) => void
  #pages: PageReader | null = null
  /** Pages that were decoded and have rows left. */
  #decoded: Decoded[] = []
  /** Rows of the first of them that were read. */
  #at = 0
  /** Rows to be passed over before the next that is read: they begin where a page does. */
  #skips = 0

  constructor(file: ParquetFile, binding: Binding, advance: (bytes: number) => void) {
    this.#file = file
    this.#binding = binding
    this.#kind = binding.kind
    this.#advance = advance
    const { leaf, kind, convert } = binding
    this.#decoder =
      isText(kind) || convert === null
        ? new CodeDecoder(leaf, kind)
        : new ValueDecoder(leaf, kind, convert)
  }

  begin({ chunks, rows }: RowGroupMeta): void {
    const { leaf, index } = this.#binding
    const chunk = chunks[index]
    if (chunk === undefined)
      throw new Malformed(`a row group lacks column ${JSON.stringify(leaf.name)}`)
    const facts = { optional: leaf.optional, rows, advance: this.#advance }
    this.#pages = new PageReader(this.#file, chunk, facts)
    this.#decoder.begin()
    this.#decoded = []
    this.#at = 0
    this.#skips = 0
  }

  /** The next `rows` rows of the row group, which has as many left. */
  fill(rows: number): Filled {
    const pieces: Piece[] = []
    for (let left = rows; left > 0; ) {
      const page = this.#decoded[0] ?? this.#next()
      const to = Math.min(page.rows, this.#at + left)
      pieces.push({ page, from: this.#at, to })
      left -= to - this.#at
      this.#passTo(page, to)
    }
    return join(this.#kind, pieces, rows)
  }

  #passTo(page: Decoded, row: number): void {
    this.#at = row
    if (row < page.rows) return
    this.#decoded.shift()
    this.#at = 0
  }

  /** Whether its values may be long. */
  get long(): boolean {
    return isText(this.#kind)
  }

  /**
   * How many of the next rows `fill` may be asked for, that the pages which have them hold at most so many
   * bytes of text, or are one; `rows` at most. Those pages are decoded.
   */
  reach(rows: number, bytesMax: number): number {
    const pools = new Set<unknown>()
    let [reached, bytes] = [0, 0]
    for (let i = 0; reached < rows && (i === 0 || bytes < bytesMax); i++) {
      const page = this.#decoded[i] ?? this.#next()
      reached += i === 0 ? page.rows - this.#at : page.rows
      if (!pools.has(page.pool)) bytes += page.pool?.size ?? 0
      pools.add(page.pool)
    }
    return Math.min(rows, reached)
  }

  /** Passes over rows. Pages that lie among them are not decoded, and pages beyond not looked for. */
  skip(rows: number): void {
    this.#skips += rows
    for (let [page] = this.#decoded; page && this.#skips > 0; [page] = this.#decoded) {
      const passed = Math.min(page.rows - this.#at, this.#skips)
      this.#skips -= passed
      this.#passTo(page, this.#at + passed)
    }
  }

  #next(): Decoded {
    const pages = this.#pages
    if (pages === null) throw new Malformed('no row group was begun')
    for (;;) {
      const page = pages.next(this.#skips)
      if (page.type === 'dictionary') this.#decoder.dictionary(page)
      else if (page.type === 'passed') this.#skips -= page.rows
      else if (page.rows > 0) {
        const decoded = this.#decoder.decode(page)
        // Rows are skipped where none is decoded yet.
        if (this.#decoded.length === 0) this.#at = this.#skips
        this.#skips = 0
        this.#decoded.push(decoded)
        return decoded
      }
    }
  }
}
