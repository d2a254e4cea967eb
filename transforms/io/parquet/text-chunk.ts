/**
 * A chunk of text or bytes. Codes of the batch's pool become codes of the chunk's own dictionary,
 * numbered by first appearance, so that the file depends on the rows and never on a worker's pool.
 * After the first page the smaller of dictionary and plain, compressed, decides.
 */
import type { Column } from '../../../engine/data/column.ts'
import type { Pool } from '../../../engine/data/pool.ts'
import { Bytes } from './bytes.ts'
import { body, type Bounds, ChunkWriter } from './chunk-write.ts'
import { ENCODING } from './format.ts'
import { packedSize, SAMPLE_ROWS } from './page-write.ts'
import { TextBounds } from './text-bounds.ts'
import { TextEntries } from './text-entries.ts'
import { copyPlain, mapRange, mapSelected } from './text-gather.ts'
import { growth, writeCodes } from './value-chunk.ts'

const PAGE_BYTES_MAX = 1 << 20
/** A page that repeats its values so often, in bytes, is not tried plain. */
const DICTIONARY_SAVES = 16

const trial = new Bytes(1024)

export class TextChunk extends ChunkWriter {
  full = false
  readonly #dictionary = new TextEntries()
  readonly #plain = new Bytes(0)
  readonly #bounds = new TextBounds()
  readonly #pageBounds = new TextBounds()
  /** By code of the dictionary: the last page, from 1, that has it. */
  #pageOf = new Int32Array(0)
  #pageNumber = 0
  #mode: 'undecided' | 'dictionary' | 'plain' = 'undecided'
  #page = new Int32Array(0)
  #count = 0
  #map = new Int32Array(0)
  #mapped = 0
  #pool: Pool | null = null
  /** A pool takes a new array for its strings when it is cleared: its sign of life. */
  #strings: unknown = null

  get heldBytes(): number {
    const pages = this.pages.data.buffer.length + this.#plain.buffer.length
    return (
      pages +
      this.#dictionary.heldBytes +
      this.#page.byteLength +
      this.#map.byteLength +
      this.#pageOf.byteLength
    )
  }

  gather(column: Column, rows: Int32Array | null, from: number, to: number): number {
    const pool = column.pool as Pool
    const values = column.values as Int32Array
    if (this.#mode === 'plain') {
      const limit = this.whole ? Number.POSITIVE_INFINITY : PAGE_BYTES_MAX
      const reached = copyPlain(this.#plain, pool, values, rows, from, to, limit, this.#pageBounds)
      this.#count += reached - from
      this.full = this.#plain.size >= PAGE_BYTES_MAX
      return reached
    }
    this.#mapPool(pool)
    this.#growPage(to - from)
    if (this.#dictionary.meet(pool)) return this.#gatherShared(values, rows, from, to)
    let at = from
    for (;;) {
      const reached =
        rows === null
          ? mapRange(values, at, to, this.#map, this.#page, this.#count)
          : mapSelected(values, rows, at, to, this.#map, this.#page, this.#count)
      this.#count += reached - at
      at = reached
      if (at === to) return to
      this.#addEntry(pool, values[rows === null ? at : (rows[at] as number)] as number)
      at++
      if (this.full && !this.whole) return at
    }
  }

  #gatherShared(values: Int32Array, rows: Int32Array | null, from: number, to: number): number {
    const into = { map: this.#map, into: this.#page, at: this.#count }
    const reached = this.#dictionary.gather(values, rows, { from, to, ...into })
    this.#count += reached - from
    this.full = this.#dictionary.full
    return reached
  }

  #addEntry(pool: Pool, code: number): void {
    const mine = this.#dictionary.add(pool, code)
    this.#map[code] = mine
    this.#page[this.#count++] = mine
    this.full = this.#dictionary.full
  }

  /** Room for all of the pool's codes; forgets what was mapped where the pool is another. */
  #mapPool(pool: Pool): void {
    const same = pool === this.#pool && pool.strings === this.#strings
    if (!same) this.#map.fill(-1, 0, this.#mapped)
    this.#pool = pool
    this.#strings = pool.strings
    if (pool.count > this.#map.length) {
      const grown = new Int32Array(Math.max(pool.count, this.#map.length * 2)).fill(-1)
      if (same) grown.set(this.#map)
      this.#map = grown
    }
    this.#mapped = same ? Math.max(this.#mapped, pool.count) : pool.count
  }

  #growPage(more: number): void {
    if (this.#count + more <= this.#page.length) return
    const grown = new Int32Array(Math.max(this.#count + more, this.#page.length * 2))
    grown.set(this.#page)
    this.#page = grown
  }

  encode(last: boolean): void {
    if (this.#mode === 'undecided' && this.#count > 0) this.#choose(last)
    if (this.#mode === 'dictionary') {
      writeCodes(body, this.#page, this.#count, this.#dictionary.count)
      this.pages.add(body.view(), this.slots, ENCODING.RLE_DICTIONARY)
      this.#observePage()
      if (this.full) this.#mode = 'plain'
    } else {
      body.append(this.#plain.view())
      this.pages.add(body.view(), this.slots, ENCODING.PLAIN)
      this.#plain.clear()
    }
    this.#count = 0
    this.full = false
  }

  #choose(last: boolean): void {
    const [page, count, dictionary] = [this.#page, this.#count, this.#dictionary]
    this.#mode = 'dictionary'
    if (dictionary.count * 16 <= count || this.#plainBytes() > DICTIONARY_SAVES * dictionary.size)
      return
    const share = last ? 1 : growth(page, count, dictionary.count)
    if (this.#dictionaryIsLess(share)) return
    dictionary.append(this.#plain, count, page)
    this.#observePage()
    dictionary.clear()
    this.#mode = 'plain'
  }

  /** By the page's first rows, and as large a part of the entries, each compressed. */
  #dictionaryIsLess(share: number): boolean {
    const [page, dictionary] = [this.#page, this.#dictionary]
    const rows = Math.min(this.#count, SAMPLE_ROWS)
    const entries = Math.ceil((dictionary.count * rows) / this.#count)
    trial.clear()
    dictionary.append(trial, rows, page)
    const plain = packedSize(trial.view())
    this.#writeEntries(entries)
    const entryBytes = packedSize(trial.view()) * share
    trial.clear()
    writeCodes(trial, page, rows, dictionary.count)
    return packedSize(trial.view()) + entryBytes <= plain
  }

  /** What the page would take plain; long values may make it far larger than the dictionary. */
  #plainBytes(): number {
    const { order } = this.#dictionary
    const { offsets } = this.#dictionary.pool
    let bytes = 4 * this.#count
    for (let i = 0; i < this.#count; i++) {
      const code = this.#page[i] as number
      const e = order === null ? code : (order[code] as number)
      bytes += (offsets[e + 1] as number) - (offsets[e] as number)
    }
    return bytes
  }

  #writeEntries(count = this.#dictionary.count): void {
    trial.clear()
    this.#dictionary.append(trial, count)
  }

  /** The page's bounds, each of its dictionary entries looked at once. */
  #observePage(): void {
    const { order, count } = this.#dictionary
    const { bytes, offsets } = this.#dictionary.pool
    if (this.#pageOf.length < count) {
      const grown = new Int32Array(count * 2)
      grown.set(this.#pageOf)
      this.#pageOf = grown
    }
    const [page, pageOf, number] = [this.#page, this.#pageOf, ++this.#pageNumber]
    // Most pages of a small dictionary have all of it long before their end.
    for (let i = 0, left = count; i < this.#count && left > 0; i++) {
      const code = page[i] as number
      if (pageOf[code] === number) continue
      pageOf[code] = number
      left--
      const e = order === null ? code : (order[code] as number)
      this.#pageBounds.observe(bytes, offsets[e] as number, offsets[e + 1] as number)
    }
  }

  dictionary(): Buffer | null {
    if (!this.pages.encodings.has(ENCODING.RLE_DICTIONARY)) return null
    this.#writeEntries()
    return this.pages.dictionary(trial.view(), this.#dictionary.count)
  }

  clear(): void {
    this.#dictionary.clear()
    this.#plain.clear()
    this.#bounds.clear()
    this.#pageBounds.clear()
    this.#pageOf.fill(0)
    this.#pageNumber = 0
    this.#mode = 'undecided'
    this.#count = 0
    this.#map.fill(-1, 0, this.#mapped)
    this.#mapped = 0
    this.#pool = null
    this.#strings = null
    this.full = false
  }

  endBounds(): Bounds | null {
    const found = this.#pageBounds.bounds(this.kind.tag === 'utf8')
    this.#bounds.merge(this.#pageBounds)
    this.#pageBounds.clear()
    return found
  }

  bounds(): Bounds | null {
    return this.#bounds.bounds(this.kind.tag === 'utf8')
  }
}
