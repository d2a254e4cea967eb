/**
 * DELTA_BINARY_PACKED: blocks of 128 differences in four miniblocks, each bit-packed above the
 * block's least difference. Pays for times and keys that grow steadily.
 * Source: parquet-format/Encodings.md, "Delta Encoding".
 */
import type { Bytes } from './bytes.ts'
import { packWords } from './hybrid-write.ts'

const BLOCK = 128
const MINI = 32
const EXACT = 2 ** 51

let numbers = new Float64Array(1024)
const deltas = new Float64Array(BLOCK)
const above = new Int32Array(BLOCK)
const packed = new Int32Array(MINI + 1)
const packedBytes = new Uint8Array(packed.buffer)
const widths = new Uint8Array(BLOCK / MINI)

/** Of `count` INT32 or INT64 (two words) values; false, with `out` as before, where one does not fit. */
export function writeDelta(out: Bytes, page: Int32Array, count: number, lanes: number): boolean {
  if (numbers.length < count) numbers = new Float64Array(Math.max(count, numbers.length * 2))
  if (!toNumbers(page, count, lanes)) return false
  const start = out.size
  out.varint(BLOCK)
  out.varint(BLOCK / MINI)
  out.varint(count)
  out.zigzag(count > 0 ? (numbers[0] as number) : 0)
  for (let at = 1; at < count; at += BLOCK)
    if (!writeBlock(out, at, Math.min(BLOCK, count - at), lanes === 1 ? 0x7fffffff : Infinity)) {
      out.size = start
      return false
    }
  return true
}

/** Words as doubles in `numbers`; false past ±2^51, whose differences might not be exact. */
function toNumbers(page: Int32Array, count: number, lanes: number): boolean {
  if (lanes === 1) {
    for (let i = 0; i < count; i++) numbers[i] = page[i] as number
    return true
  }
  let most = 0
  for (let i = 0; i < count; i++) {
    const v = (page[2 * i + 1] as number) * 4294967296 + ((page[2 * i] as number) >>> 0)
    numbers[i] = v
    const size = v < 0 ? -v : v
    if (size > most) most = size
  }
  return most < EXACT
}

function writeBlock(out: Bytes, at: number, count: number, deltaMax: number): boolean {
  let least = Infinity
  let most = -Infinity
  for (let i = 0; i < count; i++) {
    const d = (numbers[at + i] as number) - (numbers[at + i - 1] as number)
    deltas[i] = d
    if (d < least) least = d
    if (d > most) most = d
  }
  if (most - least > 0xffffffff || most > deltaMax || -least > deltaMax) return false
  for (let i = 0; i < count; i++) above[i] = (deltas[i] as number) - least
  above.fill(0, count)
  out.reserve(BLOCK * 4 + 32)
  out.zigzag(least)
  for (let m = 0; m < BLOCK / MINI; m++) {
    let all = 0
    for (let i = m * MINI; i < (m + 1) * MINI; i++) all |= above[i] as number
    widths[m] = 32 - Math.clz32(all)
    out.buffer[out.size++] = widths[m] as number
  }
  for (let m = 0; m * MINI < count; m++) {
    const width = widths[m] as number
    if (width === 0) continue
    packWords(packed, above, m * MINI, (m + 1) * MINI, width)
    for (let b = 0; b < width * 4; b++) out.buffer[out.size++] = packedBytes[b] as number
  }
  return true
}
