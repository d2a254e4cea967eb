/** The levels and values of one leaf of a nested column, one after the other. */
import { bytesPerRow, isText } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import type { ByteSink } from '../../../engine/data/byte-sink.ts'
import type { Depth } from './chunk-write.ts'
import type { Conversion } from './converted.ts'
import type { Decoded } from './decoded.ts'
import type { ParquetFile } from './footer-read.ts'
import type { RowGroupMeta } from './format.ts'
import type { Leaf } from './leaf.ts'
import { type DataPage, PageReader, type Slots } from './page-read.ts'
import { CodeDecoder } from './text-read.ts'
import { Malformed } from './thrift-read.ts'
import { type PageDecoder, ValueDecoder } from './value-read.ts'

export interface LeafBinding {
  readonly leaf: Leaf
  /** Position among the file's leaves. */
  readonly index: number
  /** Not nullable: what is null is told by the levels. */
  readonly kind: Kind
  /** Whether it may be null. */
  readonly optional: boolean
  readonly convert: Conversion | null
  readonly depth: Depth
}

const NONE: Slots = { defined: new Int32Array(0), repeated: new Int32Array(0) }

export class LeafStream {
  readonly #file: ParquetFile
  readonly #binding: LeafBinding
  readonly #decoder: PageDecoder
  readonly #advance: (bytes: number) => void
  #pages: PageReader | null = null
  /** Levels that the row group's pages still have. */
  #left = 0
  #slots = NONE
  #count = 0
  #at = 0
  #values: Decoded | null = null
  #bytes: Uint8Array = new Uint8Array(0)
  #value = 0
  /** Whether it has passed a level since a record began. */
  #moved = false

  constructor(file: ParquetFile, binding: LeafBinding, advance: (bytes: number) => void) {
    const { leaf, kind, convert } = binding
    this.#file = file
    this.#binding = binding
    this.#advance = advance
    this.#decoder =
      isText(kind) || convert === null
        ? new CodeDecoder(leaf, kind)
        : new ValueDecoder(leaf, kind, convert)
  }

  begin({ chunks, rows }: RowGroupMeta): void {
    const { leaf, index, depth } = this.#binding
    const chunk = chunks[index]
    if (chunk === undefined)
      throw new Malformed(`a row group lacks column ${JSON.stringify(leaf.name)}`)
    const facts = { optional: leaf.optional, depth, rows, advance: this.#advance }
    this.#pages = new PageReader(this.#file, chunk, facts)
    this.#decoder.begin()
    this.#left = chunk.values
    this.#count = 0
    this.#at = 0
  }

  /** Definition level of what comes next. */
  get defined(): number {
    this.#look()
    return this.#slots.defined[this.#at] as number
  }

  /** Whether what comes next repeats at this level, or deeper. */
  repeats(level: number): boolean {
    return this.#some() && (this.#slots.repeated[this.#at] as number) >= level
  }

  startRecord(): void {
    this.#moved = false
    if (this.repeats(1)) throw new Malformed('a record begins in the middle')
  }

  /** Passes what is left of the record. */
  endRecord(): void {
    if (!this.#moved) this.pass()
    while (this.repeats(1)) this.pass()
  }

  /** All rows of the row group were read. */
  end(): void {
    if (this.#some()) throw new Malformed('a column chunk has more records than its row group')
  }

  pass(): void {
    if (this.defined === this.#binding.depth.defined) this.#value++
    this.#at++
    this.#moved = true
  }

  /** Whether the value that comes next is null though its levels say otherwise: a json text `null`. */
  get none(): boolean {
    this.#look()
    return this.#values?.valid?.[this.#value] === 0
  }

  /** The flaw of the value that comes next. */
  get flaw(): number {
    this.#look()
    return this.#values?.flaws?.[this.#value] ?? 0
  }

  /** Writes the value that comes next, and passes it. */
  take(into: ByteSink): void {
    const { values, pool } = this.#values as Decoded
    const i = this.#value
    if (pool !== null) into.entry(pool, values[i] as number)
    else {
      const { kind } = this.#binding
      const width = bytesPerRow(kind)
      into.plain(kind, this.#bytes, i * width, (i + 1) * width)
    }
    this.pass()
  }

  #look(): void {
    if (!this.#some()) throw new Malformed('a column chunk ends early')
  }

  #some(): boolean {
    while (this.#at === this.#count && this.#left > 0) this.#next()
    return this.#at < this.#count
  }

  #next(): void {
    const page = this.#pages?.next()
    if (page?.type === 'dictionary') this.#decoder.dictionary(page)
    else if (page?.type === 'data') this.#open(page)
  }

  #open(page: DataPage): void {
    this.#left -= page.rows
    this.#slots = page.slots ?? NONE
    this.#count = page.rows
    this.#at = 0
    this.#value = 0
    this.#values = this.#decoder.decode({ ...page, rows: page.rows - page.nulls, nulls: 0 })
    const { buffer, byteOffset, byteLength } = this.#values.values
    this.#bytes = new Uint8Array(buffer, byteOffset, byteLength)
  }
}
