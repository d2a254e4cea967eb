/** A growable byte buffer: pages, dictionaries and footers are built in one. */
import { grownSize } from '../../../engine/data/growth.ts'

export class Bytes {
  buffer: Buffer
  size = 0
  constructor(capacity = 1024) {
    this.buffer = Buffer.allocUnsafeSlow(capacity)
  }

  /** Makes room for `more` bytes after `size`. */
  reserve(more: number): void {
    const needed = this.size + more
    if (needed <= this.buffer.length) return
    const grown = Buffer.allocUnsafeSlow(grownSize(needed, this.buffer.length))
    grown.set(this.buffer.subarray(0, this.size))
    this.buffer = grown
  }

  u8(value: number): void {
    this.reserve(1)
    this.buffer[this.size++] = value
  }

  u32(value: number): void {
    this.reserve(4)
    this.size = this.buffer.writeUInt32LE(value >>> 0, this.size)
  }

  /** Unsigned LEB128, up to 2^53. */
  varint(value: number): void {
    this.reserve(10)
    let rest = value
    while (rest >= 128) {
      this.buffer[this.size++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.buffer[this.size++] = rest
  }

  /** Zigzag LEB128, up to ±2^52. */
  zigzag(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  append(source: Uint8Array): void {
    this.reserve(source.length)
    this.buffer.set(source, this.size)
    this.size += source.length
  }

  /** What was written so far; valid until the next write. */
  view(): Buffer {
    return this.buffer.subarray(0, this.size)
  }

  clear(): void {
    this.size = 0
  }
}
