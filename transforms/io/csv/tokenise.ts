/**
 * Finds the fields of CSV records (RFC 4180, and what real files do): one walk over the bytes.
 *
 * - A record ends at a line feed outside quotes; a carriage return before it belongs to it.
 * - A quote opens only at a field's start; elsewhere it is text. `""` inside quotes is one quote.
 * - An empty line is no record.
 * - A record without an end within `recordBytesMax`, or without its closing quote, is refused and
 *   reading resumes after its first line break: a rule that looks at the record's own bytes only, so
 *   that it holds at every split.
 *
 * A kernel passes over what is as it should be (`walk-kernel.ts`); this is the whole rule, for the
 * records that it leaves, and for where there is none.
 *
 * Unquoted text is searched four bytes at a time (850 MB/s, byte by byte 600): `(x - 1) & ~x & 0x80`
 * in each byte of x = word ^ searched marks the bytes that are zero, the lowest one surely.
 */
import { Fault } from '../../../engine/fault.ts'
import { QUOTE } from '../files/fields.ts'
import { CR, LF, skipLine, type Stopped } from '../files/walk.ts'
import { goesOn } from './delimiter.ts'
import type { KernelWalk, WalkKernel } from './walk-kernel.ts'

export interface CsvWalk extends KernelWalk {
  readonly uri: string
  /** Of a delimiter of several bytes those after the first; the kernel knows of none. */
  readonly rest?: Uint8Array
  /** Bytes walked in search of closing quotes that were not there. */
  wasted: number
}

/** A crafted file can have each of its lines searched to the end: it is given up in seconds, not days. */
export const WASTED_MAX = 2 ** 31
/** Records in a row that the kernel leaves at once. */
const IDLE_MAX = 64

const NONE = new Uint8Array(0)
const EACH = 0x01010101
const TOPS = 0x80808080

/** Walks until the rows are full, more bytes are needed, or the next record is not ours. */
export function tokenise(w: CsvWalk, kernel: WalkKernel | null): Stopped {
  if (w.skipping && !skipLine(w)) return w.final ? 'done' : 'more'
  if (kernel === null || w.rest?.length || !kernel.sees(w)) return walk(w, w.rowsMax)
  // A file with something odd in every record is not walked twice.
  for (let idle = 0; idle < IDLE_MAX; ) {
    if (!kernel.run(w)) idle++
    if (w.rows === w.rowsMax) return 'full'
    const stopped = walk(w, w.rows + 1)
    if (stopped !== 'full') return stopped
    if (w.rows === w.rowsMax) return 'full'
  }
  return walk(w, w.rowsMax)
}

/** The rule, until there are `rowsMax` rows. */
function walk(w: CsvWalk, rowsMax: number): Stopped {
  const { bytes, view, limit, final, stop, starts, ends, at, stride, slots } = w
  const { delimiter, rest = NONE, recordBytesMax } = w
  const more = rest.length
  const delimiters = Math.imul(delimiter, EACH)
  const feeds = LF * EACH
  const quotes = QUOTE * EACH
  const fields = slots.length
  let { rows, next: i, lines } = w
  let base = rows * stride * 2
  let result: Stopped = 'full'
  while (rows < rowsMax) {
    const start = i
    if (i >= stop || (i >= limit && final)) {
      result = 'done'
      break
    }
    let field = 0
    let breaks = 0
    let open = false
    let text = false
    for (;;) {
      let s = i
      let e = 0
      if (bytes[i] === QUOTE) {
        s = ++i
        let escaped = false
        for (;;) {
          const word = view.getInt32(i, true)
          const q = word ^ quotes
          const n = word ^ feeds
          const hit = (((q - EACH) & ~q) | ((n - EACH) & ~n)) & TOPS
          if (hit === 0) {
            i += 4
            continue
          }
          i += (31 - Math.clz32(hit & -hit)) >> 3
          if (bytes[i] === LF) {
            if (i >= limit) {
              open = true
              break
            }
            breaks++
            i++
          } else if (bytes[i + 1] === QUOTE && i + 1 < limit) {
            escaped = true
            i += 2
          } else break
        }
        if (open) break
        e = escaped ? ~i : i
        const c = bytes[++i]
        if (c === CR && bytes[i + 1] === LF) i++
        else if ((c !== delimiter || !goesOn(bytes, i + 1, rest)) && c !== LF) {
          text = true
          while ((bytes[i] !== delimiter || !goesOn(bytes, i + 1, rest)) && bytes[i] !== LF) i++
        }
      } else {
        for (;;) {
          const word = view.getInt32(i, true)
          const d = word ^ delimiters
          const n = word ^ feeds
          const hit = (((d - EACH) & ~d) | ((n - EACH) & ~n)) & TOPS
          if (hit === 0) {
            i += 4
            continue
          }
          i += (31 - Math.clz32(hit & -hit)) >> 3
          if (more === 0 || bytes[i] === LF || goesOn(bytes, i + 1, rest)) break
          i++
        }
        e = i
        if (i > s && bytes[i] === LF && bytes[i - 1] === CR) e--
      }
      const to = base + 2 * (field < fields ? (slots[field] as number) : stride - 1)
      at[to] = s
      at[to + 1] = e
      field++
      if (bytes[i] !== delimiter) break
      i += 1 + more
    }
    // Past the limit a delimiter is a byte of an earlier read: the record ended at the sentinel.
    const long = Math.min(i, limit) - start > recordBytesMax
    if (i >= limit && !final && !long) {
      i = start
      result = 'more'
      break
    }
    if (long || open) {
      const feed = Math.min(bytes.indexOf(LF, start), limit)
      w.wasted += Math.min(i, limit) - feed
      if (w.wasted > WASTED_MAX)
        throw new Fault('data', `${w.uri} has too many quotes that are never closed`, {
          hint: 'is the delimiter right? a quote opens at the start of a field',
        })
      w.broken.push({ start, end: feed, why: long ? LONG : OPEN })
      i = feed + 1
      if (feed < limit) {
        lines++
        continue
      }
      i = limit
      w.skipping = !final
      result = final ? 'done' : 'more'
      break
    }
    const end = i
    lines += breaks + (i < limit ? 1 : 0)
    i = i < limit ? i + 1 : limit
    if (field === 1 && at[base + 2 * (slots[0] as number) + 1] === start) continue
    if (text || field !== fields) {
      const why = text ? TEXT : `expected ${fields} fields, got ${field}`
      w.broken.push({ start, end, why })
      continue
    }
    starts[rows] = start
    ends[rows++] = end
    base += stride * 2
  }
  w.rows = rows
  w.next = i
  w.lines = lines
  return result
}

const LONG = 'longer than a record may be'
const OPEN = 'a quote is opened and never closed'
const TEXT = 'text after a closing quote'
