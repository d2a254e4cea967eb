/**
 * From a pool's codes to a chunk's: one lookup a row. `map` has the chunk's code of each of the
 * pool's, -1 where the entry was not met yet; each loop stops there for its caller to add it.
 */
import type { Pool } from '../../../engine/data/pool.ts'
import type { Bytes } from './bytes.ts'
import type { TextBounds } from './text-bounds.ts'

export function mapRange(
  values: Int32Array,
  from: number,
  to: number,
  map: Int32Array,
  into: Int32Array,
  at: number,
): number {
  let o = at
  for (let i = from; i < to; i++) {
    const code = map[values[i] as number] as number
    if (code < 0) return i
    into[o++] = code
  }
  return to
}

export function mapSelected(
  values: Int32Array,
  rows: Int32Array,
  from: number,
  to: number,
  map: Int32Array,
  into: Int32Array,
  at: number,
): number {
  let o = at
  for (let k = from; k < to; k++) {
    const code = map[values[rows[k] as number] as number] as number
    if (code < 0) return k
    into[o++] = code
  }
  return to
}

/** PLAIN byte arrays: a length, then the bytes. Stops after the value that fills `limit`. */
export function copyPlain(
  into: Bytes,
  pool: Pool,
  values: Int32Array,
  rows: Int32Array | null,
  from: number,
  to: number,
  limit: number,
  bounds: TextBounds,
): number {
  const { bytes, offsets } = pool
  for (let k = from; k < to; k++) {
    const code = values[rows === null ? k : (rows[k] as number)] as number
    const start = offsets[code] as number
    const end = offsets[code + 1] as number
    appendPlain(into, bytes, start, end)
    bounds.observe(bytes, start, end)
    if (into.size >= limit) return k + 1
  }
  return to
}

export function appendPlain(into: Bytes, bytes: Uint8Array, start: number, end: number): void {
  const length = end - start
  into.reserve(length + 4)
  const { buffer } = into
  let o = into.size
  buffer[o] = length & 255
  buffer[o + 1] = (length >>> 8) & 255
  buffer[o + 2] = (length >>> 16) & 255
  buffer[o + 3] = length >>> 24
  o += 4
  if (length > 48) {
    buffer.set(bytes.subarray(start, end), o)
    o += length
  } else for (let i = start; i < end; i++) buffer[o++] = bytes[i] as number
  into.size = o
}
