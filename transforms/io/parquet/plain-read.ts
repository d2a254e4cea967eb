/**
 * The values of a page or dictionary as they are stored: fixed-width ones as little-endian words,
 * others as slices of bytes. Which kind they become is the next step's business (`convert.ts`).
 */
import { DeltaReader } from './delta-read.ts'
import { ENCODING, TYPE } from './format.ts'
import { readHybrid } from './hybrid-read.ts'
import type { Leaf } from './leaf.ts'
import { pageKernel } from './page-kernel.ts'
import { Malformed } from './thrift-read.ts'

/** `count` values; `words` for fixed-width types, else slices. */
export interface Raw {
  readonly count: number
  /** Words a value; 0 where values are slices. BOOLEAN has one word a value. */
  readonly lanes: 0 | 1 | 2 | 3
  readonly words: Int32Array
  readonly bytes: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
}

const NO_WORDS = new Int32Array(0)
const NO_BYTES = new Uint8Array(0)

const ofWords = (count: number, lanes: 1 | 2 | 3, words: Int32Array): Raw => ({
  count,
  lanes,
  words,
  bytes: NO_BYTES,
  starts: NO_WORDS,
  ends: NO_WORDS,
})
const ofSlices = (bytes: Uint8Array, starts: Int32Array, ends: Int32Array): Raw => ({
  count: starts.length,
  lanes: 0,
  words: NO_WORDS,
  bytes,
  starts,
  ends,
})

export const lanesOf = (type: number): 0 | 1 | 2 | 3 => {
  if (type === TYPE.BYTE_ARRAY || type === TYPE.FIXED_LEN_BYTE_ARRAY) return 0
  if (type === TYPE.INT64 || type === TYPE.DOUBLE) return 2
  return type === TYPE.INT96 ? 3 : 1
}

/** Decodes `count` values of `bytes`. Dictionary indices are read elsewhere. */
export function readRaw(leaf: Leaf, encoding: number, bytes: Uint8Array, count: number): Raw {
  const lanes = lanesOf(leaf.type)
  switch (encoding) {
    case ENCODING.PLAIN:
    case ENCODING.PLAIN_DICTIONARY:
      return readPlain(leaf, bytes, count)
    case ENCODING.RLE:
      if (leaf.type === TYPE.BOOLEAN) return readRleBooleans(bytes, count)
      break
    case ENCODING.DELTA_BINARY_PACKED:
      if (leaf.type === TYPE.INT32 || leaf.type === TYPE.INT64) {
        const found = pageKernel()?.delta(bytes, count, lanes as 1 | 2)
        if (found) return ofWords(count, lanes as 1 | 2, found)
        const { words, count: got } = new DeltaReader(bytes, 0).read(lanes as 1 | 2)
        if (got < count) throw new Malformed(`a page has ${got} values, expected ${count}`)
        return ofWords(count, lanes as 1 | 2, words)
      }
      break
    case ENCODING.DELTA_LENGTH_BYTE_ARRAY:
      if (leaf.type === TYPE.BYTE_ARRAY) return readDeltaLengths(bytes, 0, count)
      break
    case ENCODING.DELTA_BYTE_ARRAY:
      if (lanes === 0) return readDeltaStrings(bytes, count)
      break
    case ENCODING.BYTE_STREAM_SPLIT:
      return readSplitStreams(leaf, bytes, count)
  }
  throw new Malformed(`a page has encoding ${encoding}, which is not supported for its type`)
}

function readPlain(leaf: Leaf, bytes: Uint8Array, count: number): Raw {
  if (leaf.type === TYPE.BOOLEAN) {
    if (bytes.length * 8 < count) throw new Malformed('a page ends early')
    const words = new Int32Array(count)
    for (let i = 0; i < count; i++) words[i] = ((bytes[i >> 3] as number) >> (i & 7)) & 1
    return ofWords(count, 1, words)
  }
  const lanes = lanesOf(leaf.type)
  if (lanes > 0) {
    if (bytes.length < count * lanes * 4) throw new Malformed('a page ends early')
    return ofWords(count, lanes as 1 | 2 | 3, wordsOf(bytes, count * lanes))
  }
  if (leaf.type === TYPE.FIXED_LEN_BYTE_ARRAY) return readFixed(bytes, count, leaf.typeLength)
  return readLengthPrefixed(bytes, count)
}

/** A view where the bytes are aligned, else a copy. */
function wordsOf(bytes: Uint8Array, length: number): Int32Array {
  if (bytes.byteOffset % 4 === 0) return new Int32Array(bytes.buffer, bytes.byteOffset, length)
  const copy = new Int32Array(length)
  new Uint8Array(copy.buffer).set(bytes.subarray(0, length * 4))
  return copy
}

function readFixed(bytes: Uint8Array, count: number, length: number): Raw {
  if (bytes.length < count * length) throw new Malformed('a page ends early')
  const starts = new Int32Array(count)
  const ends = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    starts[i] = i * length
    ends[i] = (i + 1) * length
  }
  return ofSlices(bytes, starts, ends)
}

function readLengthPrefixed(bytes: Uint8Array, count: number): Raw {
  const starts = new Int32Array(count)
  const ends = new Int32Array(count)
  const limit = bytes.length
  let at = 0
  for (let i = 0; i < count; i++) {
    const length =
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24)) >>>
      0
    starts[i] = at + 4
    at += 4 + length
    if (at > limit) throw new Malformed('a page ends early')
    ends[i] = at
  }
  return ofSlices(bytes, starts, ends)
}

function readRleBooleans(bytes: Uint8Array, count: number): Raw {
  const words = new Int32Array(count)
  readHybrid(bytes, { at: 4, end: bytes.length, width: 1 }, words, count)
  return ofWords(count, 1, words)
}

function readDeltaLengths(bytes: Uint8Array, from: number, count: number): Raw {
  const reader = new DeltaReader(bytes, from)
  const { words: lengths, count: got } = reader.read(1)
  if (got < count) throw new Malformed(`a page has ${got} values, expected ${count}`)
  const starts = new Int32Array(count)
  const ends = new Int32Array(count)
  let { at } = reader
  for (let i = 0; i < count; i++) {
    const length = lengths[i] as number
    starts[i] = at
    at += length
    if (length < 0 || at > bytes.length) throw new Malformed('a page ends early')
    ends[i] = at
  }
  return ofSlices(bytes, starts, ends)
}

/** Each string shares a prefix with the one before. */
function readDeltaStrings(bytes: Uint8Array, count: number): Raw {
  const reader = new DeltaReader(bytes, 0)
  const { words: prefixes, count: got } = reader.read(1)
  if (got < count) throw new Malformed(`a page has ${got} values, expected ${count}`)
  const suffixes = readDeltaLengths(bytes, reader.at, count)
  const starts = new Int32Array(count)
  const ends = new Int32Array(count)
  let size = 0
  for (let i = 0; i < count; i++) {
    const before = i === 0 ? 0 : (ends[i - 1] as number) - (starts[i - 1] as number)
    const prefix = prefixes[i] as number
    if (prefix < 0 || prefix > before) throw new Malformed('a page has an impossible prefix')
    starts[i] = size
    size += prefix + (suffixes.ends[i] as number) - (suffixes.starts[i] as number)
    if (size > 2 ** 30) throw new Malformed('a page has more than 1 GB of text')
    ends[i] = size
  }
  const out = Buffer.allocUnsafe(size)
  for (let i = 0; i < count; i++) {
    const prefix = prefixes[i] as number
    const start = starts[i] as number
    if (prefix > 0) {
      const before = starts[i - 1] as number
      out.copyWithin(start, before, before + prefix)
    }
    out.set(bytes.subarray(suffixes.starts[i], suffixes.ends[i]), start + prefix)
  }
  return ofSlices(out, starts, ends)
}

/** Byte k of all values, for each k. */
function readSplitStreams(leaf: Leaf, bytes: Uint8Array, count: number): Raw {
  const width = leaf.type === TYPE.FIXED_LEN_BYTE_ARRAY ? leaf.typeLength : lanesOf(leaf.type) * 4
  const stride = Math.floor(bytes.length / width)
  if (width === 0 || stride < count) throw new Malformed('a page ends early')
  const joined = Buffer.allocUnsafeSlow(count * width)
  for (let k = 0; k < width; k++)
    for (let i = 0; i < count; i++) joined[i * width + k] = bytes[k * stride + i] as number
  return readPlain(leaf, joined, count)
}
