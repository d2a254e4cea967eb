/**
 * Least and greatest of fixed-width values, as words. With a NaN among floats there are no bounds;
 * a zero bound of floats is written so that it covers both zeros.
 * Source: parquet.thrift, ColumnOrder.
 */
import type { Kind } from '../../../engine/data/kind.ts'
import type { Statistics } from './format.ts'
import { wordsOf } from './value-gather.ts'

export class ValueBounds {
  readonly #kind: Kind
  readonly #lanes: number
  readonly #min = new Int32Array(4)
  readonly #max = new Int32Array(4)
  #some = false
  #nan = false

  constructor(kind: Kind) {
    this.#kind = kind
    this.#lanes = wordsOf(kind)
  }

  observe(words: Int32Array, count: number): void {
    if (count === 0) return
    if (!this.#some) {
      this.#min.set(words.subarray(0, this.#lanes))
      this.#max.set(words.subarray(0, this.#lanes))
      this.#some = true
    }
    if (this.#kind.tag === 'float32' || this.#kind.tag === 'float64') this.#floats(words, count)
    else if (this.#lanes === 1) this.#singles(words, count)
    else if (this.#lanes === 2) this.#pairs(words, count)
    else this.#quads(words, count)
  }

  #singles(words: Int32Array, count: number): void {
    let min = this.#min[0] as number
    let max = this.#max[0] as number
    for (let i = 0; i < count; i++) {
      const v = words[i] as number
      if (v < min) min = v
      if (v > max) max = v
    }
    this.#min[0] = min
    this.#max[0] = max
  }

  #pairs(words: Int32Array, count: number): void {
    let [minLow, minHigh] = [(this.#min[0] as number) >>> 0, this.#min[1] as number]
    let [maxLow, maxHigh] = [(this.#max[0] as number) >>> 0, this.#max[1] as number]
    for (let i = 0; i < count; i++) {
      const low = (words[2 * i] as number) >>> 0
      const high = words[2 * i + 1] as number
      if (high < minHigh || (high === minHigh && low < minLow)) {
        minLow = low
        minHigh = high
      }
      if (high > maxHigh || (high === maxHigh && low > maxLow)) {
        maxLow = low
        maxHigh = high
      }
    }
    this.#min.set([minLow, minHigh])
    this.#max.set([maxLow, maxHigh])
  }

  #quads(words: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      if (lessQuad(words, 4 * i, this.#min)) this.#min.set(words.subarray(4 * i, 4 * i + 4))
      if (moreQuad(words, 4 * i, this.#max)) this.#max.set(words.subarray(4 * i, 4 * i + 4))
    }
  }

  #floats(words: Int32Array, count: number): void {
    const over = this.#kind.tag === 'float32' ? Float32Array : Float64Array
    const values = new over(words.buffer as ArrayBuffer, words.byteOffset, count)
    const [mins, maxs] = [new over(this.#min.buffer), new over(this.#max.buffer)]
    let [min, max] = [mins[0] as number, maxs[0] as number]
    for (let i = 0; i < count; i++) {
      const v = values[i] as number
      if (v < min) min = v
      else if (v > max) max = v
      else if (v !== v) this.#nan = true
    }
    mins[0] = min === 0 ? -0 : min
    maxs[0] = max === 0 ? 0 : max
  }

  /** Takes in the bounds of other values. */
  merge(other: ValueBounds): void {
    if (!other.#some) return
    this.observe(other.#min, 1)
    this.observe(other.#max, 1)
    this.#nan ||= other.#nan
  }

  clear(): void {
    this.#some = false
    this.#nan = false
  }

  bounds(): Omit<Statistics, 'nullCount'> | null {
    if (!this.#some || this.#nan) return null
    const [min, max] = [this.#min, this.#max].map(words => wordBytes(words, 1, this.#lanes))
    return { min: min as Buffer, max: max as Buffer, minExact: true, maxExact: true }
  }
}

function lessQuad(words: Int32Array, at: number, than: Int32Array): boolean {
  if (words[at + 3] !== than[3]) return (words[at + 3] as number) < (than[3] as number)
  for (let lane = 2; lane >= 0; lane--)
    if (words[at + lane] !== than[lane])
      return (words[at + lane] as number) >>> 0 < (than[lane] as number) >>> 0
  return false
}

function moreQuad(words: Int32Array, at: number, than: Int32Array): boolean {
  if (words[at + 3] !== than[3]) return (words[at + 3] as number) > (than[3] as number)
  for (let lane = 2; lane >= 0; lane--)
    if (words[at + lane] !== than[lane])
      return (words[at + lane] as number) >>> 0 > (than[lane] as number) >>> 0
  return false
}

/** Words as the file has them: little-endian, wide decimals big-endian. */
export function wordBytes(words: Int32Array, count: number, lanes: number): Buffer {
  const raw = Buffer.from(words.buffer, words.byteOffset, count * lanes * 4)
  if (lanes < 4) return raw
  const turned = new Int32Array(count * 4)
  for (let at = 0; at < count * 4; at += 4) {
    turned[at] = words[at + 3] as number
    turned[at + 1] = words[at + 2] as number
    turned[at + 2] = words[at + 1] as number
    turned[at + 3] = words[at] as number
  }
  return Buffer.from(turned.buffer).swap32()
}
