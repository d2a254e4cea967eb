/**
 * How many records a text file has, counted byte by byte by the format's rule alone and by none of the
 * readers' code: what rows and rejects together must be.
 */
const [LF, CR, QUOTE, COMMA] = [10, 13, 34, 44]

/** CSV behind its header. A record whose quote is never closed ends at its first line break; a line of nothing is no record. */
export function csvRecords(bytes: Buffer, from: number): number {
  let count = 0
  for (let start = from; start < bytes.length; ) {
    const end = csvRecordEnd(bytes, start)
    const line = bytes.subarray(start, end)
    const empty = line.length === 0 || (line.length === 1 && line[0] === CR)
    if (!empty) count++
    start = end + 1
  }
  return count
}

function csvRecordEnd(bytes: Buffer, start: number): number {
  const feed = bytes.indexOf(LF, start)
  const first = feed < 0 ? bytes.length : feed
  for (let i = start; i < bytes.length; ) {
    if (bytes[i] === QUOTE) {
      let close = bytes.indexOf(QUOTE, i + 1)
      while (close >= 0 && bytes[close + 1] === QUOTE) close = bytes.indexOf(QUOTE, close + 2)
      if (close < 0) return first
      i = close + 1
    }
    while (i < bytes.length && bytes[i] !== COMMA && bytes[i] !== LF) i++
    if (i >= bytes.length || bytes[i] === LF) return i
    i++
  }
  return bytes.length
}

/** JSON lines that have anything but white space. */
export function jsonLines(bytes: Buffer): number {
  const lines = bytes.toString('latin1').split('\n')
  return lines.filter(line => /[^ \t\r]/.test(line)).length
}
