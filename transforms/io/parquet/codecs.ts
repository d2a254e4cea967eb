/** Decompresses a page. Output is bounded by the size that the page's header states. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { CODEC_NAMES } from './format.ts'
import { copyBack, snappy } from './snappy.ts'
import { Malformed } from './thrift-read.ts'

export const PAGE_BYTES_MAX = 2 ** 30

export function decompress(codec: number, input: Uint8Array, size: number): Uint8Array {
  if (!(size >= 0 && size <= PAGE_BYTES_MAX)) throw new Malformed(`a page has ${size} bytes`)
  const out = decompressed(codec, input, size)
  if (out.length !== size)
    throw new Malformed(`a page has ${out.length} bytes decompressed, expected ${size}`)
  return out
}

/** Beyond this a page's word on its size is not taken: output grows as it comes. */
const AT_ONCE_BYTES_MAX = 64 << 20

function decompressed(codec: number, input: Uint8Array, size: number): Uint8Array {
  // One byte more than there are: zlib sees the end without a second buffer. By default it takes
  // buffers of 16 KB and joins them, two to six times the time.
  const chunkSize = size < AT_ONCE_BYTES_MAX ? Math.max(64, size + 1) : 1 << 20
  const bounds = { maxOutputLength: Math.max(size, 1), chunkSize }
  if (size === 0 && input.length === 0) return input
  switch (CODEC_NAMES[codec]) {
    case 'UNCOMPRESSED':
      return input
    case 'SNAPPY':
      return snappy(input, size)
    case 'GZIP':
      return gunzipSync(input, bounds)
    case 'BROTLI':
      return brotliDecompressSync(input, bounds)
    case 'ZSTD':
      return zstdDecompressSync(input, bounds)
    case 'LZ4_RAW':
      return lz4(input, size)
    default:
      throw new Malformed(`its codec ${CODEC_NAMES[codec] ?? codec} is not supported`)
  }
}

/** An LZ4 block. Source: lz4/doc/lz4_Block_format.md. */
function lz4(input: Uint8Array, size: number): Buffer {
  const out = Buffer.allocUnsafe(size)
  let i = 0
  let o = 0
  const length = (from: number): number => {
    let total = from
    if (from < 15) return total
    for (;;) {
      const more = input[i++]
      if (more === undefined) throw new Malformed('an LZ4 page is damaged')
      total += more
      if (more < 255) return total
    }
  }
  while (i < input.length) {
    const token = input[i++] as number
    const literals = length(token >> 4)
    if (i + literals > input.length || o + literals > size)
      throw new Malformed('an LZ4 page is damaged')
    out.set(input.subarray(i, i + literals), o)
    i += literals
    o += literals
    if (i >= input.length) break
    const offset = (input[i] as number) | ((input[i + 1] as number) << 8)
    i += 2
    o = copyBack(out, o, offset, length(token & 15) + 4)
  }
  return out.subarray(0, o)
}
