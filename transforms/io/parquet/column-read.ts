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
  #page: Decoded | null = null
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
    this.#page = null
    this.#at = 0
    this.#skips = 0
  }

  /** The next `rows` rows of the row group, which has as many left. */
  fill(rows: number): Filled {
    const pieces: Piece[] = []
    for (let left = rows; left > 0; ) {
      const page = this.#page ?? this.#next()
      const to = Math.min(page.rows, this.#at + left)
      pieces.push({ page, from: this.#at, to })
      left -= to - this.#at
      this.#at = to
      if (to === page.rows) this.#page = null
    }
    return join(this.#kind, pieces, rows)
  }

  /** Passes over rows. Pages that lie among them are not decoded, and pages beyond not looked for. */
  skip(rows: number): void {
    this.#skips += rows
    const page = this.#page
    if (page === null) return
    const passed = Math.min(page.rows - this.#at, this.#skips)
    this.#skips -= passed
    this.#at += passed
    if (this.#at === page.rows) this.#page = null
  }

  #next(): Decoded {
    const pages = this.#pages
    if (pages === null) throw new Malformed('no row group was begun')
    for (;;) {
      const page = pages.next(this.#skips)
      if (page.type === 'dictionary') this.#decoder.dictionary(page)
      else if (page.type === 'passed') this.#skips -= page.rows
      else if (page.rows > 0) {
        this.#page = this.#decoder.decode(page)
        this.#at = this.#skips
        this.#skips = 0
        return this.#page
      }
    }
  }
}
