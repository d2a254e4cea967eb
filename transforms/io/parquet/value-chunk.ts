/**
 * A chunk of numbers, dates or times. The first page is encoded each way that applies and the
 * smallest, by a sample of its rows and compressed, decides for the chunk: dictionary, differences or
 * plain. What a growing dictionary will cost is foreseen from the last quarter of that page.
 */
import type { Column } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { Bytes } from './bytes.ts'
import { body, type Bounds, ChunkWriter, type Depth } from './chunk-write.ts'
import { writeDelta } from './delta-write.ts'
import { ENCODING } from './format.ts'
import { bitsFor, writeHybrid } from './hybrid-write.ts'
import { packedSize, SAMPLE_ROWS } from './page-write.ts'
import { ValueBounds, wordBytes } from './value-bounds.ts'
import { ValueDictionary } from './value-dictionary.ts'
import { type Gather, gatherOf, wordsOf } from './value-gather.ts'

/** Beyond this a dictionary no longer fits a reader's cache. */
const DICTIONARY_BYTES_MAX = 2 << 20
type Mode = 'undecided' | 'dictionary' | 'delta' | 'plain'

let codes = new Int32Array(1024)
const trial = new Bytes(1024)

export class ValueChunk extends ChunkWriter {
  readonly full = false
  readonly #lanes: 1 | 2 | 4
  readonly #gather: Gather
  readonly #whole: boolean
  readonly #bounds: ValueBounds
  readonly #pageBounds: ValueBounds
  readonly #dictionary: ValueDictionary
  #page = new Int32Array(0)
  #count = 0
  #mode: Mode = 'undecided'
  #mayUseDictionary = true

  constructor(kind: Kind, rowsPerPage: number, depth: Depth | null = null) {
    super(kind, rowsPerPage, depth)
    this.#lanes = wordsOf(kind)
    this.#gather = gatherOf(kind)
    this.#whole = this.#lanes < 4 && kind.tag !== 'float32' && kind.tag !== 'float64'
    this.#bounds = new ValueBounds(kind)
    this.#pageBounds = new ValueBounds(kind)
    this.#dictionary = new ValueDictionary(this.#lanes)
  }

  get heldBytes(): number {
    return this.#page.byteLength + this.#dictionary.heldBytes + this.pages.data.buffer.length
  }

  gather(column: Column, rows: Int32Array | null, from: number, to: number): number {
    const needed = (this.#count + to - from) * this.#lanes
    if (needed > this.#page.length) {
      const grown = new Int32Array(Math.max(needed, this.#page.length * 2))
      grown.set(this.#page)
      this.#page = grown
    }
    this.#gather(this.#page, this.#count * this.#lanes, { values: column.values, rows, from, to })
    this.#count += to - from
    return to
  }

  encode(last: boolean): void {
    const count = this.#count
    if (codes.length < count) codes = new Int32Array(count)
    const undecided = this.#mode === 'undecided' && count > 0
    if (this.#mode === 'dictionary' || (undecided && this.#mayUseDictionary))
      this.#dictionary.encode(this.#page, count, codes)
    if (undecided) this.#mode = this.#choose(last)
    // The dictionary of the first page is its distinct values, and often far fewer.
    if (undecided && this.#mode === 'dictionary')
      this.#pageBounds.observe(this.#dictionary.words, this.#dictionary.count)
    else this.#pageBounds.observe(this.#page, count)
    this.pages.add(...this.#encoded(count))
    this.#count = 0
  }

  #encoded(count: number): [Uint8Array, number, number] {
    const { slots } = this
    if (this.#mode === 'dictionary') {
      writeCodes(body, codes, count, this.#dictionary.count)
      if (this.#dictionary.count * this.#lanes * 4 > DICTIONARY_BYTES_MAX) {
        this.#mode = 'undecided'
        this.#mayUseDictionary = false
      }
      return [body.view(), slots, ENCODING.RLE_DICTIONARY]
    }
    if (this.#mode === 'delta' && writeDelta(body, this.#page, count, this.#lanes))
      return [body.view(), slots, ENCODING.DELTA_BINARY_PACKED]
    body.append(wordBytes(this.#page, count, this.#lanes))
    return [body.view(), slots, ENCODING.PLAIN]
  }

  #choose(last: boolean): Mode {
    const [page, count, lanes] = [this.#page, this.#count, this.#lanes]
    const distinct = this.#dictionary.count
    if (this.#mayUseDictionary && distinct * 16 <= count) return 'dictionary'
    const rows = Math.min(count, SAMPLE_ROWS)
    let mode: Mode = 'plain'
    let least = packedSize(wordBytes(page, rows, lanes))
    trial.clear()
    if (this.#whole && writeDelta(trial, page, rows, lanes)) {
      const size = packedSize(trial.view())
      if (size < least) [mode, least] = ['delta', size]
    }
    if (!this.#mayUseDictionary) return mode
    const share = last ? 1 : growth(codes, count, distinct)
    // As large a part of the entries as the rows are of the page.
    const part = Math.ceil((distinct * rows) / count)
    const entries = packedSize(wordBytes(this.#dictionary.words, part, lanes))
    trial.clear()
    writeCodes(trial, codes, rows, distinct)
    const size = packedSize(trial.view()) + entries * share
    if (size <= least) return 'dictionary'
    this.#mayUseDictionary = false
    return mode
  }

  dictionary(): Buffer | null {
    const { count, words } = this.#dictionary
    if (!this.pages.encodings.has(ENCODING.RLE_DICTIONARY)) return null
    return this.pages.dictionary(wordBytes(words, count, this.#lanes), count)
  }

  clear(): void {
    this.#count = 0
    this.#mode = 'undecided'
    this.#mayUseDictionary = true
    this.#dictionary.clear()
    this.#bounds.clear()
    this.#pageBounds.clear()
  }

  endBounds(): Bounds | null {
    const found = this.#pageBounds.bounds()
    this.#bounds.merge(this.#pageBounds)
    this.#pageBounds.clear()
    return found
  }

  bounds(): Bounds | null {
    return this.#bounds.bounds()
  }
}

/** A page's indices: their width, then the hybrid. */
export function writeCodes(out: Bytes, codes: Int32Array, count: number, entries: number): void {
  const width = bitsFor(entries - 1)
  out.u8(width)
  writeHybrid(out, codes, count, width)
}

/**
 * Of a dictionary filled by one page, the share that a further page of its kind would add: four
 * times what its last quarter added. Codes count up by first appearance, so their greatest tells.
 */
export function growth(codes: Int32Array, count: number, entries: number): number {
  let most = 0
  for (let i = 0; i < (count * 3) >> 2; i++)
    if ((codes[i] as number) > most) most = codes[i] as number
  return Math.min(1, (4 * (entries - 1 - most)) / entries)
}
