/** Reads DELTA_BINARY_PACKED integers, as one or two little-endian words each. */
import { unpack } from './hybrid-read.ts'
import { Malformed } from './thrift-read.ts'

const VALUES_MAX = 2 ** 25

/** A position in bytes that reads numbers of the encoding; throws where they end. */
export class DeltaReader {
  readonly #bytes: Uint8Array
  at: number
  /** Low and high word of the number read last. */
  #low = 0
  #high = 0

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  /** The values' words; `lanes` is 1 for INT32, 2 for INT64. */
  read(lanes: 1 | 2): { words: Int32Array; count: number } {
    const block = this.#varint()
    const minis = this.#varint()
    const count = this.#varint()
    const perMini = block / minis
    if (!(block <= 1 << 20 && perMini >= 8 && perMini % 8 === 0 && count <= VALUES_MAX))
      throw new Malformed('a delta page is damaged')
    const words = new Int32Array(count * lanes)
    this.#zigzag()
    let [low, high] = [this.#low, this.#high]
    if (count > 0) {
      words[0] = low
      if (lanes === 2) words[1] = high
    }
    const lows = new Int32Array(perMini)
    const highs = new Int32Array(perMini)
    for (let row = 1; row < count; ) {
      this.#zigzag()
      const [leastLow, leastHigh] = [this.#low, this.#high]
      const widths = this.#take(minis)
      for (let m = 0; m < minis && row < count; m++) {
        this.#unpack(widths[m] as number, lows, highs)
        const until = Math.min(count, row + perMini)
        for (let k = 0; row < until; k++, row++) {
          const sum = (low >>> 0) + (leastLow >>> 0) + ((lows[k] as number) >>> 0)
          low = sum | 0
          // The sum of three words is below three times 2^32, so the carry is 0, 1 or 2.
          const carry = sum >= 8589934592 ? 2 : sum >= 4294967296 ? 1 : 0
          high = (high + leastHigh + (highs[k] as number) + carry) | 0
          words[row * lanes] = low
          if (lanes === 2) words[row * 2 + 1] = high
        }
      }
    }
    return { words, count }
  }

  #take(length: number): Uint8Array {
    if (this.at + length > this.#bytes.length) throw new Malformed('a delta page ends early')
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }

  #unpack(width: number, lows: Int32Array, highs: Int32Array): void {
    const count = lows.length
    highs.fill(0)
    if (width === 0) {
      lows.fill(0)
      return
    }
    if (width > 64) throw new Malformed('a delta page is damaged')
    const packed = this.#take((count * width) / 8)
    if (width <= 32) {
      unpack(packed, 0, width, lows, 0, count)
      return
    }
    for (let i = 0; i < count; i++) {
      lows[i] = bitsAt(packed, i * width, 32)
      highs[i] = bitsAt(packed, i * width + 32, width - 32)
    }
  }

  #varint(): number {
    this.#number()
    return this.#high * 4294967296 + (this.#low >>> 0)
  }

  #zigzag(): void {
    this.#number()
    const sign = -(this.#low & 1)
    const low = (this.#low >>> 1) | (this.#high << 31)
    this.#low = low ^ sign
    this.#high = (this.#high >>> 1) ^ sign
  }

  #number(): void {
    let low = 0
    let high = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.at++]
      if (byte === undefined || shift > 63) throw new Malformed('a delta page ends early')
      const part = byte & 127
      if (shift < 32) low |= part << shift
      if (shift > 25 && shift < 32) high |= part >>> (32 - shift)
      else if (shift >= 32) high |= part << (shift - 32)
      if (byte < 128) break
    }
    this.#low = low
    this.#high = high
  }
}

function bitsAt(bytes: Uint8Array, bit: number, width: number): number {
  let value = 0
  for (let got = 0; got < width; ) {
    const at = bit + got
    const take = Math.min(8 - (at & 7), width - got)
    const part = ((bytes[at >>> 3] as number) >>> (at & 7)) & ((1 << take) - 1)
    value |= part << got
    got += take
  }
  return value
}
