/** Decodes pages of numbers, dates, times and booleans. A dictionary is converted once, not a row. */
import { newValues, type Values } from '../../../engine/data/column.ts'
import { isWide, type Kind } from '../../../engine/data/kind.ts'
import type { Conversion, Converted } from './converted.ts'
import { type Decoded, spread, spreadBytes } from './decoded.ts'
import { readIndices } from './dictionary-read.ts'
import { ENCODING } from './format.ts'
import type { Leaf } from './leaf.ts'
import type { DataPage, DictionaryPage } from './page-read.ts'
import { readRaw } from './plain-read.ts'
import { Malformed } from './thrift-read.ts'

/** Decodes the pages of one column; chunk by chunk. */
export interface PageDecoder {
  begin(): void
  dictionary(page: DictionaryPage): void
  decode(page: DataPage): Decoded
}

export class ValueDecoder implements PageDecoder {
  readonly #leaf: Leaf
  readonly #kind: Kind
  readonly #convert: Conversion
  #dictionary: Converted | null = null
  #entries = 0

  constructor(leaf: Leaf, kind: Kind, convert: Conversion) {
    this.#leaf = leaf
    this.#kind = kind
    this.#convert = convert
  }

  begin(): void {
    this.#dictionary = null
  }

  dictionary({ body, entries }: DictionaryPage): void {
    this.#dictionary = this.#convert(readRaw(this.#leaf, ENCODING.PLAIN, body, entries))
    this.#entries = entries
  }

  decode(page: DataPage): Decoded {
    const { rows, levels, nulls } = page
    const { values, flaws } = this.#values(page, rows - nulls)
    if (levels === null) return { rows, values, valid: null, flaws, pool: null }
    return {
      rows,
      values: spread(this.#kind, values, levels, rows),
      valid: levels,
      flaws: flaws && spreadBytes(flaws, levels, rows),
      pool: null,
    }
  }

  #values({ encoding, body }: DataPage, count: number): Converted {
    const coded = encoding === ENCODING.RLE_DICTIONARY || encoding === ENCODING.PLAIN_DICTIONARY
    if (!coded) return this.#convert(readRaw(this.#leaf, encoding, body, count))
    const dictionary = this.#dictionary
    if (dictionary === null) throw new Malformed('a page has indices but no dictionary')
    const codes = readIndices(body, count, this.#entries)
    const values = newValues(this.#kind, count)
    lookUp(values, dictionary.values, codes, isWide(this.#kind))
    return { values, flaws: dictionary.flaws && flawsOf(dictionary.flaws, codes, count) }
  }
}

function flawsOf(entries: Uint8Array, codes: Int32Array, count: number): Uint8Array {
  const flaws = new Uint8Array(count)
  for (let i = 0; i < count; i++) flaws[i] = entries[codes[i] as number] as number
  return flaws
}

/** One loop a layout keeps each monomorphic. */
function lookUp(values: Values, entries: Values, codes: Int32Array, wide: boolean): void {
  if (wide) lookUpWide(values as BigInt64Array, entries as BigInt64Array, codes)
  else if (values instanceof Int32Array) lookUpInts(values, entries as Int32Array, codes)
  else if (values instanceof Float64Array) lookUpDoubles(values, entries as Float64Array, codes)
  else for (let i = 0; i < values.length; i++) values[i] = entries[codes[i] as number] as never
}

function lookUpInts(values: Int32Array, entries: Int32Array, codes: Int32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = entries[codes[i] as number] as number
}

function lookUpDoubles(values: Float64Array, entries: Float64Array, codes: Int32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = entries[codes[i] as number] as number
}

function lookUpWide(values: BigInt64Array, entries: BigInt64Array, codes: Int32Array): void {
  for (let i = 0; 2 * i < values.length; i++) {
    const code = codes[i] as number
    values[2 * i] = entries[2 * code] as bigint
    values[2 * i + 1] = entries[2 * code + 1] as bigint
  }
}
