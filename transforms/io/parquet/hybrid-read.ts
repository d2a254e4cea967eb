/** Reads the RLE / bit-packed hybrid: definition levels and dictionary indices. */
import { Malformed } from './thrift-read.ts'

/** The least multiple of `into` growth: keeps one array for many pages. */
export const roomFor = (into: Int32Array, count: number): Int32Array =>
  into.length >= count ? into : new Int32Array(Math.max(count, into.length * 2))

interface Range {
  readonly at: number
  readonly end: number
  readonly width: number
}

/** Fills into[0 .. count). Answers where it stopped reading. */
export function readHybrid(
  bytes: Uint8Array,
  { at, end, width }: Range,
  into: Int32Array,
  count: number,
): number {
  if (width > 32) throw new Malformed(`a page has indices of ${width} bits`)
  if (width === 0) {
    into.fill(0, 0, count)
    return at
  }
  const runBytes = (width + 7) >> 3
  let i = at
  let row = 0
  while (row < count) {
    let head = 0
    for (let scale = 1; ; scale *= 128) {
      if (i >= end || scale > 2 ** 35) throw new Malformed('a page ends early')
      const byte = bytes[i++] as number
      head += (byte & 127) * scale
      if (byte < 128) break
    }
    if (head % 2 === 0) {
      const until = Math.min(count, row + head / 2)
      if (until === row || i + runBytes > end) throw new Malformed('a page has an empty run')
      let value = 0
      for (let b = 0; b < runBytes; b++) value |= (bytes[i++] as number) << (8 * b)
      into.fill(value, row, until)
      row = until
    } else {
      const groups = (head - 1) / 2
      if (groups === 0) throw new Malformed('a page has an empty run')
      const packed = Math.min(groups * width, end - i)
      const until = Math.min(count, row + groups * 8)
      if (packed * 8 < (until - row) * width) throw new Malformed('a page ends early')
      unpack(bytes, i, width, into, row, until)
      i += packed
      row = until
    }
  }
  return i
}

let packed = new Int32Array(4096)
let packedBytes = new Uint8Array(packed.buffer)

/** Values of `width` bits, 1 to 32, least significant bit first, to into[from .. to). */
export function unpack(
  bytes: Uint8Array,
  at: number,
  width: number,
  into: Int32Array,
  from: number,
  to: number,
): void {
  const length = ((to - from) * width + 7) >> 3
  if (packedBytes.length < length + 8) {
    packed = new Int32Array(length)
    packedBytes = new Uint8Array(packed.buffer)
  }
  packedBytes.set(bytes.subarray(at, at + length))
  if (width === 32) into.set(packed.subarray(0, to - from), from)
  else unpackWords(packed, width, into, from, to)
}

/** A word is loaded per 32 bits, not a byte per 8. Copying the words first aligns them. */
function unpackWords(
  words: Int32Array,
  width: number,
  into: Int32Array,
  from: number,
  to: number,
): void {
  const mask = -1 >>> (32 - width)
  let next = 0
  let word = 0
  let bits = 0
  for (let row = from; row < to; row++) {
    if (bits >= width) {
      into[row] = word & mask
      word >>>= width
      bits -= width
    } else {
      const more = words[next++] as number
      into[row] = (word | (more << bits)) & mask
      word = more >>> (width - bits)
      bits += 32 - width
    }
  }
}
