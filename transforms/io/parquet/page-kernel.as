// Decoders of page bodies: the RLE / bit-packed hybrid, definition levels and DELTA_BINARY_PACKED, as
// parquet-format/Encodings.md has them. Each answers -1 for what it does not take (damage, 64-bit miniblocks),
// which the readers in JavaScript then decode or refuse. Behind `end` sixteen bytes may be read.
// Compiled into `page-kernel.wasm.ts` by `node scripts/kernels.mjs`.

/** Where the number read last ended; 0 where it was none. */
let next: usize = 0

/** An unsigned LEB128 number of at most 31 bits. */
@inline
function varint(from: usize, end: usize): u32 {
  let at = from
  let value: u32 = 0
  for (let shift: u32 = 0; shift < 35; shift += 7) {
    if (at >= end) break
    const byte: u32 = load<u8>(at++)
    if (shift == 28 && byte > 7) break
    value |= (byte & 127) << shift
    if (byte < 128) {
      next = at
      return value
    }
  }
  next = 0
  return 0
}

/** The value at a bit: of up to 32 bits. */
@inline
function bitsAt(bytes: usize, bit: u64, mask: u32): u32 {
  return <u32>(load<u64>(bytes + <usize>(bit >> 3)) >> (bit & 7)) & mask
}

@inline
function unpack(bytes: usize, width: u32, into: usize, count: u32): void {
  const mask: u32 = <u32>0xffffffff >> (32 - width)
  let row: u32 = 0
  if (width <= 8) {
    // Eight values are one word of 64 bits.
    for (; row + 8 <= count; row += 8, bytes += width, into += 32) {
      let word = load<u64>(bytes)
      store<u32>(into, <u32>word & mask)
      word >>= width
      store<u32>(into, <u32>word & mask, 4)
      word >>= width
      store<u32>(into, <u32>word & mask, 8)
      word >>= width
      store<u32>(into, <u32>word & mask, 12)
      word >>= width
      store<u32>(into, <u32>word & mask, 16)
      word >>= width
      store<u32>(into, <u32>word & mask, 20)
      word >>= width
      store<u32>(into, <u32>word & mask, 24)
      word >>= width
      store<u32>(into, <u32>word & mask, 28)
    }
  }
  for (let bit: u64 = 0; row < count; row++, bit += width, into += 4)
    store<u32>(into, bitsAt(bytes, bit, mask))
}

/** The hybrid: `count` values of `width` bits, as words. */
export function hybrid(at: usize, end: usize, width: u32, into: usize, count: u32): i32 {
  if (width < 1 || width > 32) return -1
  const runBytes: u32 = (width + 7) >> 3
  for (let row: u32 = 0; row < count; ) {
    const head = varint(at, end)
    if (next == 0) return -1
    at = next
    const left = count - row
    if ((head & 1) == 0) {
      const run = min(head >> 1, left)
      if (run == 0 || at + runBytes > end) return -1
      const value = load<u32>(at) & (<u32>0xffffffff >> (32 - (runBytes << 3)))
      at += runBytes
      for (let i: u32 = 0; i < run; i++, into += 4) store<u32>(into, value)
      row += run
    } else {
      const groups = head >> 1
      if (groups == 0) return -1
      const packed = min<u64>(<u64>groups * width, <u64>(end - at))
      const run = <u32>min<u64>(<u64>groups * 8, left)
      if (packed * 8 < <u64>run * width) return -1
      unpack(at, width, into, run)
      at += <usize>packed
      into += run << 2
      row += run
    }
  }
  return 0
}

/** The greatest of `count` words, unsigned. */
export function greatest(words: usize, count: u32): u32 {
  let four = i32x4.splat(0)
  let i: u32 = 0
  for (; i + 4 <= count; i += 4, words += 16) four = i32x4.max_u(four, v128.load(words))
  let most = max(
    max(<u32>i32x4.extract_lane(four, 0), <u32>i32x4.extract_lane(four, 1)),
    max(<u32>i32x4.extract_lane(four, 2), <u32>i32x4.extract_lane(four, 3)),
  )
  for (; i < count; i++, words += 4) most = max(most, load<u32>(words))
  return most
}

/** Eight bits as eight bytes, the least significant first. */
@inline
function spread(bits: u64): u64 {
  let x = (bits | (bits << 28)) & 0x0000000f0000000f
  x = (x | (x << 14)) & 0x0003000300030003
  return (x | (x << 7)) & 0x0101010101010101
}

/** Definition levels of a flat column, a byte each; answers how many are 1. `into` has room for 8 more. */
export function levels(at: usize, end: usize, into: usize, count: u32): i32 {
  let some: u32 = 0
  for (let row: u32 = 0; row < count; ) {
    const head = varint(at, end)
    if (next == 0) return -1
    at = next
    const left = count - row
    if ((head & 1) == 0) {
      const run = min(head >> 1, left)
      if (run == 0 || at >= end) return -1
      const value = load<u8>(at++)
      if (value > 1) return -1
      memory.fill(into, value, run)
      some += value == 1 ? run : 0
      into += run
      row += run
    } else {
      const groups = min(head >> 1, (left + 7) >> 3)
      if (groups == 0 || at + groups > end) return -1
      const run = min(groups << 3, left)
      let bits: u32 = 0
      for (let i: u32 = 0; i < groups; i++, at++) {
        bits = load<u8>(at)
        some += popcnt<u32>(bits)
        store<u64>(into + (i << 3), spread(bits))
      }
      // Beyond the last row: padding, of whatever bits.
      some -= popcnt<u32>(bits >> (8 - ((groups << 3) - run)) & 255)
      at += min((head >> 1) - groups, <u32>(end - at))
      into += run
      row += run
    }
  }
  return some
}

/** Words of dense values to their rows: `lanes` each, zero where the level is 0. */
export function place(dense: usize, levels: usize, into: usize, count: u32, lanes: u32): void {
  if (lanes == 1)
    for (let i: u32 = 0; i < count; i++, into += 4) {
      const level: u32 = load<u8>(levels + i)
      store<u32>(into, load<u32>(dense) & (0 - level))
      dense += level << 2
    }
  else
    for (let i: u32 = 0; i < count; i++, into += 8) {
      const level: u64 = load<u8>(levels + i)
      store<u64>(into, load<u64>(dense) & (0 - level))
      dense += <usize>level << 3
    }
}

let zigzagged: u64 = 0

/** A zigzag number of up to 64 bits, in `zigzagged`; answers where it ends, 0 where it is none. */
@inline
function zigzag(from: usize, end: usize): usize {
  let at = from
  let value: u64 = 0
  for (let shift: u64 = 0; shift < 64; shift += 7) {
    if (at >= end) return 0
    const byte: u64 = load<u8>(at++)
    value |= (byte & 127) << shift
    if (byte < 128) {
      zigzagged = (value >> 1) ^ (0 - (value & 1))
      return at
    }
  }
  return 0
}

/** DELTA_BINARY_PACKED of exactly `count` values, `lanes` words each; miniblocks of 57 bits or more are left. */
export function delta(at: usize, end: usize, into: usize, count: u32, lanes: u32): i32 {
  const block = varint(at, end)
  if (next == 0) return -1
  const minis = varint(next, end)
  if (next == 0 || minis == 0) return -1
  const total = varint(next, end)
  if (next == 0 || total != count || count == 0) return -1
  const perMini = block / minis
  if (block > 1 << 20 || perMini < 8 || perMini % 8 != 0) return -1
  at = zigzag(next, end)
  if (at == 0) return -1
  let value = zigzagged
  if (lanes == 1) store<u32>(into, <u32>value)
  else store<u64>(into, value)
  const step: usize = lanes << 2
  into += step
  for (let row: u32 = 1; row < count; ) {
    at = zigzag(at, end)
    if (at == 0 || at + minis > end) return -1
    const least = zigzagged
    const widths = at
    at += minis
    for (let m: u32 = 0; m < minis && row < count; m++) {
      const width: u32 = load<u8>(widths + m)
      const packed = (perMini * width) >> 3
      if (width > 56 || at + packed > end) return -1
      const run = min(perMini, count - row)
      const mask: u64 = width == 0 ? 0 : <u64>-1 >> (64 - width)
      let bit: u64 = 0
      if (lanes == 1)
        for (let i: u32 = 0; i < run; i++, bit += width, into += 4) {
          value += least + ((load<u64>(at + <usize>(bit >> 3)) >> (bit & 7)) & mask)
          store<u32>(into, <u32>value)
        }
      else
        for (let i: u32 = 0; i < run; i++, bit += width, into += 8) {
          value += least + ((load<u64>(at + <usize>(bit >> 3)) >> (bit & 7)) & mask)
          store<u64>(into, value)
        }
      at += packed
      row += run
    }
  }
  return 0
}
