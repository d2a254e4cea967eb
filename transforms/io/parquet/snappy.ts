/**
 * Decompresses raw Snappy blocks (not the framing format). Source: snappy/format_description.txt.
 */
import { Malformed } from './thrift-read.ts'

export function snappy(input: Uint8Array, size: number): Buffer {
  const out = Buffer.allocUnsafe(size)
  let i = 0
  while ((input[i++] as number) >= 128) if (i > 5) throw new Malformed('a Snappy page is damaged')
  let o = 0
  while (i < input.length) {
    const tag = input[i++] as number
    if ((tag & 3) === 0) {
      let length = (tag >>> 2) + 1
      if (length > 60) {
        const extra = length - 60
        length = 1
        for (let b = 0; b < extra; b++) length += (input[i++] as number) * 2 ** (8 * b)
      }
      if (!(i + length <= input.length && o + length <= size))
        throw new Malformed('a Snappy page is damaged')
      if (length > 24) out.set(input.subarray(i, i + length), o)
      else for (let b = 0; b < length; b++) out[o + b] = input[i + b] as number
      i += length
      o += length
      continue
    }
    let length = (tag >>> 2) + 1
    let offset = 0
    if ((tag & 3) === 1) {
      length = ((tag >>> 2) & 7) + 4
      offset = ((tag >>> 5) << 8) | (input[i++] as number)
    } else {
      offset = (input[i] as number) | ((input[i + 1] as number) << 8)
      i += 2
      if ((tag & 3) === 3) {
        offset += (input[i] as number) * 65536 + (input[i + 1] as number) * 16777216
        i += 2
      }
    }
    o = copyBack(out, o, offset, length)
  }
  if (o !== size) throw new Malformed(`a Snappy page has ${o} bytes, expected ${size}`)
  return out
}

/** Copies from `offset` bytes back; the two may overlap, which repeats. */
export function copyBack(out: Buffer, at: number, offset: number, length: number): number {
  if (!(offset > 0 && offset <= at && at + length <= out.length))
    throw new Malformed('a compressed page is damaged')
  if (offset >= length && length > 24) out.copyWithin(at, at - offset, at - offset + length)
  else for (let k = 0; k < length; k++) out[at + k] = out[at + k - offset] as number
  return at + length
}
