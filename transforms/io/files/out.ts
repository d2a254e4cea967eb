/** Bytes on their way to a file: written in place, handed on in large pieces. */

const PIECE = 1 << 19
/** To begin with: many files are small. */
const LEAST = 1 << 13

export class Out {
  bytes = Buffer.allocUnsafeSlow(LEAST)
  at = 0
  readonly #take: (piece: Buffer) => void

  /** `take` must be done with the piece when it returns. */
  constructor(take: (piece: Buffer) => void) {
    this.#take = take
  }

  /** Makes room for `count` more bytes. */
  room(count: number): void {
    const needed = this.at + count
    if (needed <= this.bytes.length) return
    if (needed <= PIECE) {
      const grown = Buffer.allocUnsafeSlow(Math.min(PIECE, Math.max(needed, this.bytes.length * 4)))
      grown.set(this.bytes.subarray(0, this.at))
      this.bytes = grown
      return
    }
    this.flush()
    if (count > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(count)
  }

  flush(): void {
    if (this.at > 0) this.#take(this.bytes.subarray(0, this.at))
    this.at = 0
  }

  /** Writes an ASCII text. */
  ascii(text: string): void {
    this.room(text.length)
    const { bytes } = this
    let { at } = this
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i)
    this.at = at
  }

  /** Writes bytes as they are. */
  raw(source: Uint8Array): void {
    this.room(source.length)
    this.bytes.set(source, this.at)
    this.at += source.length
  }

  /** Writes a whole number of up to 2^53, at least `width` digits of it. */
  whole(value: number, width = 1): void {
    this.room(24)
    const { bytes } = this
    let rest = value
    if (rest < 0) {
      bytes[this.at++] = 45
      rest = -rest
    }
    let digits = width
    for (let limit = 10 ** width; rest >= limit; limit *= 10) digits++
    let to = (this.at += digits)
    // Past 31 bits a remainder is a slow, floating one: taken nine digits at a time.
    while (rest > 0x7fffffff) {
      const high = Math.floor(rest / 1e9)
      let low = (rest - high * 1e9) | 0
      for (let n = 0; n < 9; n++) {
        const tens = (low / 10) | 0
        bytes[--to] = 48 + low - tens * 10
        low = tens
      }
      rest = high
    }
    let low = rest | 0
    const from = this.at - digits
    while (to > from) {
      const tens = (low / 10) | 0
      bytes[--to] = 48 + low - tens * 10
      low = tens
    }
  }
}
