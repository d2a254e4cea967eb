/**
 * Definition levels of a flat column: the hybrid at one bit, 0 for a null and 1 for a value. Most
 * columns that may have nulls have none in most pages: one run, of which nothing is unpacked.
 */
import { readHybrid, roomFor } from './hybrid-read.ts'
import { pageKernel } from './page-kernel.ts'
import { Malformed } from './thrift-read.ts'

export interface Levels {
  /** 0 or 1 a row, in memory of its own; null where every row has a value. */
  readonly levels: Uint8Array | null
  readonly nulls: number
}

let unpacked: Int32Array = new Int32Array(0)

export function readLevels(bytes: Uint8Array, at: number, end: number, rows: number): Levels {
  if (rows === 0 || isFull(bytes, at, end, rows)) return { levels: null, nulls: 0 }
  const found = pageKernel()?.levels(bytes.subarray(at, end), rows)
  if (found) return { levels: found.some === rows ? null : found.levels, nulls: rows - found.some }
  unpacked = roomFor(unpacked, rows)
  readHybrid(bytes, { at, end, width: 1 }, unpacked, rows)
  const levels = new Uint8Array(rows)
  const { some, all } = narrow(unpacked, levels)
  if (all > 1 || all < 0) throw new Malformed('a page has an impossible definition level')
  return { levels: some === rows ? null : levels, nulls: rows - some }
}

/** Whether the first run says that all rows have a value. */
function isFull(bytes: Uint8Array, at: number, end: number, rows: number): boolean {
  let head = 0
  for (let i = at, scale = 1; i < end && scale < 2 ** 35; i++, scale *= 128) {
    const byte = bytes[i] as number
    head += (byte & 127) * scale
    if (byte < 128) return head % 2 === 0 && head / 2 >= rows && i + 1 < end && bytes[i + 1] === 1
  }
  return false
}

/** The levels as bytes; their sum, and all of their bits. */
function narrow(from: Int32Array, into: Uint8Array): { some: number; all: number } {
  let some = 0
  let all = 0
  for (let i = 0; i < into.length; i++) {
    const level = from[i] as number
    into[i] = level
    some += level
    all |= level
  }
  return { some, all }
}
