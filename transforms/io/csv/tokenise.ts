/**
 * Finds the fields of CSV records (RFC 4180, and what real files do): one walk over the bytes.
 *
 * - A record ends at a line feed outside quotes; a carriage return before it belongs to it.
 * - A quote opens only at a field's start; elsewhere it is text. `""` inside quotes is one quote.
 * - An empty line is no record.
 * - A record without an end within `recordBytesMax` is refused and reading resumes after its first
 *   line break: a rule that looks at the record's own bytes only, so that it holds at every split.
 *
 * `bytes[limit]` is a line feed that the window puts there, so that no loop asks for the end.
 */
import { QUOTE } from '../files/fields.ts'

const LF = 10
const CR = 13

export type Trouble = 'ragged' | 'afterQuote' | 'tooLong' | 'unclosed'

/** A record that is no row: where it lies in the window, and why. */
export interface Broken {
  readonly start: number
  readonly end: number
  readonly why: Trouble
  readonly fields: number
}

/** What a walk starts from and leaves; positions are in the window. */
export interface Walk {
  bytes: Uint8Array
  /** Where the next record starts. */
  next: number
  /** Bytes there are. */
  limit: number
  /** True where no more bytes follow. */
  final: boolean
  /** Records that start here or later are not ours. */
  stop: number
  rows: number
  rowsMax: number
  /** First byte of each row. */
  readonly starts: Int32Array
  readonly at: Int32Array
  readonly stride: number
  /** Field of the record → field of the row; those that nobody wants go to the last field of the row. */
  readonly slots: Int32Array
  readonly delimiter: number
  readonly recordBytesMax: number
  /** Line breaks passed. */
  lines: number
  readonly broken: Broken[]
}

export type Stopped = 'full' | 'more' | 'done'

/** Walks until the rows are full, more bytes are needed, or the next record is not ours. */
export function tokenise(w: Walk): Stopped {
  const { bytes, limit, final, stop, rowsMax, starts, at, stride, slots, delimiter } = w
  const fields = slots.length
  const dropped = stride - 1
  const above = delimiter > LF ? delimiter : LF
  let { rows, next: i, lines } = w
  let base = rows * stride * 2
  let result: Stopped = 'full'
  while (rows < rowsMax) {
    const start = i
    if (i >= stop || (i >= limit && final)) {
      result = 'done'
      break
    }
    let c = bytes[i] as number
    if (c === LF && i < limit) {
      i++
      lines++
      continue
    }
    let field = 0
    let breaks = 0
    let why: Trouble | null = null
    for (;;) {
      let s = i
      let e = 0
      if (c === QUOTE) {
        s = ++i
        let escaped = false
        for (;;) {
          while ((c = bytes[i] as number) !== QUOTE) {
            if (c === LF) {
              if (i >= limit) break
              breaks++
            }
            i++
          }
          if (c !== QUOTE || bytes[i + 1] !== QUOTE || i + 1 >= limit) break
          escaped = true
          i += 2
        }
        if (c !== QUOTE) {
          why = 'unclosed'
          break
        }
        e = escaped ? ~i : i
        c = bytes[++i] as number
        if (c !== delimiter && c !== LF) {
          if (c === CR && bytes[i + 1] === LF) i++
          else {
            why ??= 'afterQuote'
            while (c > above || (c !== delimiter && c !== LF)) c = bytes[++i] as number
          }
        }
      } else {
        while (c > above || (c !== delimiter && c !== LF)) c = bytes[++i] as number
        e = i
        if (c === LF && i > s && bytes[i - 1] === CR) e--
      }
      const to = base + 2 * (field < fields ? (slots[field] as number) : dropped)
      at[to] = s
      at[to + 1] = e
      field++
      if (bytes[i] !== delimiter) break
      c = bytes[++i] as number
    }
    if (i >= limit || i - start > w.recordBytesMax) {
      const tooLong = Math.min(i, limit) - start > w.recordBytesMax
      if (!final && !tooLong) {
        i = start
        result = 'more'
        break
      }
      if (tooLong) why = 'tooLong'
      if (why === 'tooLong' || why === 'unclosed') {
        const feed = bytes.indexOf(LF, start)
        w.broken.push({ start, end: Math.min(feed, limit), why, fields: field })
        i = feed
        breaks = 0
        if (feed >= limit) {
          // Its first line break is yet to come: the reader passes over what follows.
          w.next = limit
          w.rows = rows
          w.lines = lines
          return final ? 'done' : 'more'
        }
      }
    }
    const end = i
    if (i < limit) lines += breaks + 1
    else lines += breaks
    i = i < limit ? i + 1 : limit
    if (why === 'tooLong' || why === 'unclosed') continue
    if (field === 1 && (at[base + 2 * (slots[0] as number) + 1] === start)) continue
    if (why === null && field !== fields) why = 'ragged'
    if (why !== null) {
      w.broken.push({ start, end, why, fields: field })
      continue
    }
    starts[rows++] = start
    base += stride * 2
  }
  w.rows = rows
  w.next = i
  w.lines = lines
  return result
}
