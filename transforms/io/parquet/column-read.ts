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
  }

  /** The next `rows` rows of the row group, which has as many left. */
  fill(rows: number): Filled {
    const pieces: Piece[] = []
    this.#take(rows, pieces)
    return join(this.#kind, pieces, rows)
  }

  skip(rows: number): void {
    this.#take(rows, null)
  }

  #take(rows: number, pieces: Piece[] | null): void {
    for (let left = rows; left > 0; ) {
      const page = this.#page ?? this.#next()
      const to = Math.min(page.rows, this.#at + left)
      pieces?.push({ page, from: this.#at, to })
      left -= to - this.#at
      this.#at = to
      if (to === page.rows) this.#page = null
    }
  }

  #next(): Decoded {
    const pages = this.#pages
    if (pages === null) throw new Malformed('no row group was begun')
    for (;;) {
      const page = pages.next()
      if (page.type === 'dictionary') this.#decoder.dictionary(page)
      else if (page.rows > 0) {
        this.#page = this.#decoder.decode(page)
        this.#at = 0
        return this.#page
      }
    }
  }
}
