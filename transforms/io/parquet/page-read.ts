/** Walks the pages of a column chunk: one read window over the file, pages decompressed one by one. */
import { crc32 } from 'node:zlib'
import { decompress, PAGE_BYTES_MAX } from './codecs.ts'
import type { ParquetFile } from './footer-read.ts'
import { type ChunkMeta, ENCODING, PAGE } from './format.ts'
import type { Depth } from './chunk-write.ts'
import { readHybrid } from './hybrid-read.ts'
import { bitsFor } from './hybrid-write.ts'
import { readLevels } from './levels-read.ts'
import { Malformed, ThriftReader, type ThriftStruct } from './thrift-read.ts'

export interface DataPage {
  readonly type: 'data'
  readonly rows: number
  readonly encoding: number
  /** 0 or 1 a row, whether it has a value: its definition level; null where every row has one. */
  readonly levels: Uint8Array | null
  readonly nulls: number
  /** Of a column that is nested: the levels themselves; `rows` then counts these. */
  readonly slots: Slots | null
  /** The values, levels left out. */
  readonly body: Uint8Array
}
export interface Slots {
  readonly defined: Int32Array
  readonly repeated: Int32Array
}
export interface PassedPage {
  readonly type: 'passed'
  readonly rows: number
}
export interface DictionaryPage {
  readonly type: 'dictionary'
  readonly entries: number
  readonly body: Uint8Array
}

/** A page of more rows is taken for damage: it would take gigabytes. */
const ROWS_MAX = 2 ** 25
const WINDOW = 1 << 20
const HEADER_BYTES = 4096

export class PageReader {
  readonly #file: ParquetFile
  readonly #chunk: ChunkMeta
  readonly #optional: boolean
  readonly #depth: Depth | null
  readonly #advance: (bytes: number) => void
  readonly #end: number
  #at: number
  #left: number
  #window: Buffer = Buffer.alloc(0)
  #windowAt = 0

  constructor(
    file: ParquetFile,
    chunk: ChunkMeta,
    o: { optional: boolean; depth?: Depth; rows: number; advance(bytes: number): void },
  ) {
    const { optional, depth = null, rows, advance } = o
    if (depth?.repeated ? chunk.values < rows : chunk.values !== rows)
      throw new Malformed(`a column chunk has ${chunk.values} values for ${rows} rows`)
    const first = chunk.dictionaryOffset ?? chunk.dataOffset
    this.#file = file
    this.#chunk = chunk
    this.#optional = optional
    this.#depth = depth
    this.#advance = advance
    this.#at = Math.min(first, chunk.dataOffset)
    this.#end = this.#at + chunk.bytes
    this.#left = chunk.values
  }

  /**
   * The next page; its arrays are valid until the one after. A page of data with no more rows than are
   * to be passed over is not read beyond its header.
   */
  next(passing = 0): DataPage | DictionaryPage | PassedPage {
    for (;;) {
      const { header, length } = this.#header()
      const size = count(header, 3, PAGE_BYTES_MAX)
      this.#at += length
      const rows = passing > 0 ? this.#passable(header, passing) : 0
      if (rows > 0) {
        this.#at += size
        this.#advance(length)
        return { type: 'passed', rows }
      }
      const packed = this.#bytes(size)
      this.#at += size
      this.#advance(length + size)
      const sum = header.get(4)
      if (typeof sum === 'number' && sum !== (crc32(packed) | 0))
        throw new Malformed('a page does not match its checksum')
      const type = header.get(1)
      if (type === PAGE.DICTIONARY) return this.#dictionary(header, packed)
      if (type === PAGE.DATA) return this.#v1(header, packed)
      if (type === PAGE.DATA_V2) return this.#v2(header, packed)
    }
  }

  /** Rows of a page of data that is to be passed over as a whole; 0 where it is not. */
  #passable(header: ThriftStruct, passing: number): number {
    const facts = header.get(header.get(1) === PAGE.DATA_V2 ? 8 : 5)
    const rows = facts instanceof Map ? facts.get(1) : 0
    if (typeof rows !== 'number' || !(rows > 0 && rows <= Math.min(passing, this.#left))) return 0
    this.#left -= rows
    return rows
  }

  /** Headers are short; one with long statistics is tried again with more bytes. */
  #header(): { header: ThriftStruct; length: number } {
    const left = this.#end - this.#at
    for (let most = HEADER_BYTES; ; most *= 16) {
      const reader = new ThriftReader(this.#bytes(Math.min(most, left)))
      try {
        const header = reader.struct()
        return { header, length: reader.at }
      } catch (error) {
        if (most >= left || most > HEADER_BYTES * 4096) throw error
      }
    }
  }

  /** `length` bytes from the current position, out of the window where it has them. */
  #bytes(length: number): Buffer {
    if (length <= 0 && this.#at >= this.#end) throw new Malformed('a column chunk ends early')
    if (this.#at + length > this.#end) throw new Malformed('a page reaches beyond its column chunk')
    const from = this.#at - this.#windowAt
    if (from >= 0 && from + length <= this.#window.length)
      return this.#window.subarray(from, from + length)
    const wanted = Math.min(Math.max(length, WINDOW), this.#end - this.#at)
    this.#window = this.#file.read(this.#at, wanted)
    this.#windowAt = this.#at
    return this.#window.subarray(0, length)
  }

  #dictionary(header: ThriftStruct, packed: Buffer): DictionaryPage {
    const entries = count(structOf(header, 7), 1, ROWS_MAX)
    const body = decompress(this.#chunk.codec, packed, count(header, 2, PAGE_BYTES_MAX))
    return { type: 'dictionary', entries, body }
  }

  #v1(header: ThriftStruct, packed: Buffer): DataPage {
    const facts = structOf(header, 5)
    const rows = this.#rows(facts)
    const body = decompress(this.#chunk.codec, packed, count(header, 2, PAGE_BYTES_MAX))
    const encoding = count(facts, 2, 255)
    if (this.#depth !== null) {
      this.#checkLevels(facts)
      const repeated = this.#depth.repeated > 0 ? lengthAt(body, 0) : 0
      const at = this.#depth.repeated > 0 ? 4 + repeated : 0
      const defined = this.#depth.defined > 0 ? lengthAt(body, at) : 0
      const places = {
        repeated: { at: 4, end: at },
        defined: { at: at + 4, end: at + 4 + defined },
        body: this.#depth.defined > 0 ? at + 4 + defined : at,
      }
      return this.#nested(body, places, { rows, encoding })
    }
    if (!this.#optional)
      return { type: 'data', rows, encoding, levels: null, nulls: 0, slots: null, body }
    if (count(facts, 3, 255) !== ENCODING.RLE) throw oldLevels()
    const length = lengthAt(body, 0)
    return { type: 'data', rows, encoding, slots: null, ...this.#readLevels(body, 4, length, rows) }
  }

  /** Of levels that a page does not have, writers give any encoding: parquet-mr the old one. */
  #checkLevels(facts: ThriftStruct): void {
    const { defined, repeated } = this.#depth as Depth
    const old = (field: number): boolean => count(facts, field, 255) !== ENCODING.RLE
    if ((defined > 0 && old(3)) || (repeated > 0 && old(4))) throw oldLevels()
  }

  /** A page of a nested column: its levels, and its values one after the other. */
  #nested(
    body: Uint8Array,
    places: { repeated: Range; defined: Range; body: number },
    { rows, encoding }: { rows: number; encoding: number },
  ): DataPage {
    const depth = this.#depth as Depth
    const repeated = levelsOf(body, places.repeated, { max: depth.repeated, count: rows })
    const defined = levelsOf(body, places.defined, { max: depth.defined, count: rows })
    let some = 0
    for (let i = 0; i < rows; i++) if (defined[i] === depth.defined) some++
    return {
      type: 'data',
      rows,
      encoding,
      levels: null,
      nulls: rows - some,
      slots: { defined, repeated },
      body: body.subarray(places.body),
    }
  }

  #v2(header: ThriftStruct, packed: Buffer): DataPage {
    const facts = structOf(header, 8)
    const rows = this.#rows(facts)
    const encoding = count(facts, 4, 255)
    const defined = count(facts, 5, packed.length)
    const repeated = count(facts, 6, packed.length - defined)
    if (repeated !== 0 && !this.#depth?.repeated)
      throw new Malformed('a flat column has repetition levels')
    const raw = packed.subarray(defined + repeated)
    const size = count(header, 2, PAGE_BYTES_MAX) - defined - repeated
    const body = facts.get(7) === false ? raw : decompress(this.#chunk.codec, raw, size)
    if (this.#depth !== null) {
      const end = repeated + defined
      const places = { repeated: { at: 0, end: repeated }, defined: { at: repeated, end }, body: 0 }
      return { ...this.#nested(packed, places, { rows, encoding }), body }
    }
    if (!this.#optional)
      return { type: 'data', rows, encoding, levels: null, nulls: 0, slots: null, body }
    const { levels, nulls } = this.#readLevels(packed, 0, defined, rows)
    return { type: 'data', rows, encoding, levels, nulls, slots: null, body }
  }

  #rows(facts: ThriftStruct): number {
    const rows = count(facts, 1, Math.min(this.#left, ROWS_MAX))
    this.#left -= rows
    return rows
  }

  #readLevels(
    bytes: Uint8Array,
    at: number,
    length: number,
    rows: number,
  ): Pick<DataPage, 'levels' | 'nulls' | 'body'> {
    const { levels, nulls } = readLevels(bytes, at, at + length, rows)
    return { levels, nulls, body: bytes.subarray(at + length) }
  }
}

interface Range {
  readonly at: number
  readonly end: number
}

const oldLevels = (): Malformed => new Malformed('its levels are of an old form')

/** A length of four bytes, of what follows it. */
function lengthAt(body: Uint8Array, at: number): number {
  const left = body.length - at - 4
  const length =
    left < 0 ? Infinity : new DataView(body.buffer, body.byteOffset).getUint32(at, true)
  if (length > left) throw new Malformed('a page ends early')
  return length
}

/** Levels of up to `max`; where that is 0 there are none in the page. */
function levelsOf(
  bytes: Uint8Array,
  { at, end }: Range,
  { max, count: rows }: { max: number; count: number },
): Int32Array {
  const levels = new Int32Array(rows)
  if (max === 0) return levels
  readHybrid(bytes, { at, end, width: bitsFor(max) }, levels, rows)
  for (const level of levels)
    if (level > max || level < 0) throw new Malformed('a page has an impossible level')
  return levels
}

function structOf(header: ThriftStruct, id: number): ThriftStruct {
  const value = header.get(id)
  if (!(value instanceof Map)) throw new Malformed('a page header is damaged')
  return value
}

function count(struct: ThriftStruct, id: number, most: number): number {
  const value = struct.get(id)
  if (typeof value !== 'number' || !(value >= 0 && value <= most))
    throw new Malformed(`a page header has ${String(value)} in field ${id}`)
  return value
}
