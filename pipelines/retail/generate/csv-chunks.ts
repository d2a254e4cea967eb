/** The bytes of any run of rows, in chunks of about a megabyte: all that a file or a test needs. */
import { emptyRow, fillRow } from './row.ts'
import type { RetailSheet } from './sheet.ts'
import { HEADER, ROW_BYTES_MAX, writeRow } from './write-row.ts'

const CHUNK_BYTES = 1 << 20

export interface Slice {
  /** First row, from 0. */
  readonly lower: number
  /** The row after the last. */
  readonly upper: number
  readonly crlf?: boolean
}

/**
 * The rows from `lower` to `upper` as CSV without a header; the same bytes however they are cut
 * into slices.
 *
 * Cost    about 0.5 µs a row; each chunk is new memory, the caller's to keep
 */
export function* csvChunks(
  sheet: RetailSheet,
  { lower, upper, crlf = false }: Slice,
): Generator<Buffer> {
  const row = emptyRow()
  let n = lower
  while (n < upper) {
    const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
    let at = 0
    while (n < upper && at + ROW_BYTES_MAX <= CHUNK_BYTES) {
      fillRow(sheet, n++, row)
      at = writeRow(row, chunk, at, crlf)
    }
    yield chunk.subarray(0, at)
  }
}

/** The header line. */
export function csvHeader(crlf: boolean): Buffer {
  return Buffer.from(HEADER + (crlf ? '\r\n' : '\n'))
}
