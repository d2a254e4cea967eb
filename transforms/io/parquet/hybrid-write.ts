/**
 * The RLE / bit-packed hybrid: dictionary indices and definition levels. A run of eight or more equal
 * values becomes a run, all else goes bit-packed in groups of eight.
 * Source: parquet-format/Encodings.md, "Run Length Encoding / Bit-Packing Hybrid".
 */
import type { Bytes } from './bytes.ts'

/** Bits that hold `max`; at least one, as some readers have no width of zero. */
export const bitsFor = (max: number): number => Math.max(1, 32 - Math.clz32(max))

export function writeHybrid(out: Bytes, codes: Int32Array, count: number, width: number): void {
  const runBytes = (width + 7) >> 3
  out.reserve(((count + 15) >> 3) * (width + 12) + 16)
  let i = 0
  while (i < count) {
    const start = i
    i = endOfLiterals(codes, i, count)
    if (i > start) {
      const groups = (i - start + 7) >> 3
      out.varint(groups * 2 + 1)
      packBits(out, codes, { from: start, to: Math.min(i, count), groups, width })
    }
    if (i >= count) return
    const value = codes[i] as number
    let end = i + 8
    while (end < count && codes[end] === value) end++
    out.varint((end - i) * 2)
    for (let b = 0; b < runBytes; b++) out.buffer[out.size++] = (value >>> (8 * b)) & 255
    i = end
  }
}

/** Where the next run of eight begins, in steps of eight from `from`. */
function endOfLiterals(codes: Int32Array, from: number, count: number): number {
  let i = from
  const last = count - 8
  while (i <= last) {
    const v = codes[i]
    if (
      codes[i + 1] === v &&
      codes[i + 2] === v &&
      codes[i + 3] === v &&
      codes[i + 4] === v &&
      codes[i + 5] === v &&
      codes[i + 6] === v &&
      codes[i + 7] === v
    )
      return i
    i += 8
  }
  return i < count ? i + 8 : i
}

let words = new Int32Array(4096)

interface Literals {
  readonly from: number
  readonly to: number
  readonly groups: number
  readonly width: number
}

/** Groups of eight values, `width` bytes a group, the least significant bit first. */
function packBits(out: Bytes, codes: Int32Array, { from, to, groups, width }: Literals): void {
  const bytes = groups * width
  if (words.length * 4 < bytes + 8) words = new Int32Array(bytes)
  const used = packWords(words, codes, from, to, width)
  const end = (bytes + 3) >> 2
  for (let k = used; k < end; k++) words[k] = 0
  out.reserve(bytes + 16)
  out.buffer.set(new Uint8Array(words.buffer, 0, bytes), out.size)
  out.size += bytes
}

/** A word is stored per 32 bits, not a byte per 8: half the time. Answers the words used. */
export function packWords(
  into: Int32Array,
  codes: Int32Array,
  from: number,
  to: number,
  width: number,
): number {
  let acc = 0
  let bits = 0
  let o = 0
  for (let i = from; i < to; i++) {
    const v = codes[i] as number
    acc |= v << bits
    bits += width
    if (bits >= 32) {
      into[o++] = acc
      bits -= 32
      acc = bits === 0 ? 0 : v >>> (width - bits)
    }
  }
  if (bits > 0) into[o++] = acc
  return o
}
