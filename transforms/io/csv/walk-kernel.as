// The walk of `tokenise.ts` over the records that are as they should be, 32 bytes at a time, in
// AssemblyScript: its compiled form stands in `walk-kernel.ts` (`node scripts/kernels.mjs` renews it).
// It leaves the first record that is not (too long, cut off by the window's end, wrong number of
// fields, text after a closing quote) to that walk. Positions are relative to `bytes`.

const QUOTE: i32 = 34
const LF: i32 = 10
const CR: i32 = 13
const SPACE: i32 = 32
const TAB: i32 = 9
const NULL: i32 = i32.MIN_VALUE

@inline
function isSpace(c: i32): bool {
  return c == SPACE || c == TAB
}

@inline
function put(base: usize, stride: i32, slots: usize, fields: i32, field: i32, s: i32, e: i32): void {
  const slot = field < fields ? load<i32>(slots + (<usize>field << 2)) : stride - 1
  const to = base + (<usize>slot << 3)
  store<i32>(to, s)
  store<i32>(to, e, 4)
}

/** Writes three words to `result`: rows, where the next record starts, line breaks passed. */
export function walk(
  bytes: usize, at: usize, starts: usize, ends: usize, slots: usize, result: usize,
  fields: i32, stride: i32, delimiter: i32, rowsMax: i32, recordBytesMax: i32,
  next: i32, limit: i32, stop: i32, rows: i32,
): void {
  const delimiters = i8x16.splat(<i8>delimiter)
  const feeds = i8x16.splat(<i8>LF)
  const quotes = i8x16.splat(<i8>QUOTE)
  const width: usize = <usize>stride << 3
  let base: usize = at + <usize>rows * width
  let lines: i32 = 0
  let start: i32 = next
  let s: i32 = start
  let field: i32 = 0
  let breaks: i32 = 0
  let i: i32 = start
  let done: bool = rows >= rowsMax || start >= stop || start >= limit
  while (!done) {
    const low = v128.load(bytes + i)
    const high = v128.load(bytes + i, 16)
    let mask: i32 =
      i8x16.bitmask(v128.or(v128.or(i8x16.eq(low, delimiters), i8x16.eq(low, feeds)), i8x16.eq(low, quotes))) |
      (i8x16.bitmask(v128.or(v128.or(i8x16.eq(high, delimiters), i8x16.eq(high, feeds)), i8x16.eq(high, quotes))) << 16)
    while (mask != 0) {
      let p: i32 = i + ctz(mask)
      mask &= mask - 1
      const c: i32 = load<u8>(bytes + p)
      if (c == delimiter) {
        put(base, stride, slots, fields, field++, s, p)
        s = p + 1
        continue
      }
      let e: i32 = p
      if (c == QUOTE) {
        // A quote opens only at a field's start.
        if (p != s) continue
        s = ++p
        let escaped: bool = false
        while (true) {
          const word = v128.load(bytes + p)
          const hits = i8x16.bitmask(v128.or(i8x16.eq(word, quotes), i8x16.eq(word, feeds)))
          if (hits == 0) {
            p += 16
            continue
          }
          p += ctz(hits)
          if (load<u8>(bytes + p) == LF) {
            // The line feed at the limit is the window's, not the file's.
            if (p >= limit) {
              done = true
              break
            }
            breaks++
            p++
          } else if (load<u8>(bytes + p, 1) == QUOTE && p + 1 < limit) {
            escaped = true
            p += 2
          } else break
        }
        if (done) break
        e = escaped ? ~p : p
        let after: i32 = load<u8>(bytes + ++p)
        if (after == CR && load<u8>(bytes + p, 1) == LF) {
          p++
          after = LF
        }
        // The mask is of a place that lies behind: it is taken anew after this byte.
        mask = 0
        i = p + 1 - 32
        if (after == delimiter) {
          put(base, stride, slots, fields, field++, s, e)
          s = p + 1
          continue
        }
        done = after != LF
        if (done) break
      } else if (p > s && load<u8>(bytes + p - 1) == CR) e--
      if (p >= limit || p - start > recordBytesMax) {
        done = true
        break
      }
      if (field == 0 && e == start) lines++ // An empty line is no record.
      else {
        if (field + 1 != fields) {
          done = true
          break
        }
        put(base, stride, slots, fields, field, s, e)
        store<i32>(starts + (<usize>rows << 2), start)
        store<i32>(ends + (<usize>rows << 2), p)
        rows++
        base += width
        lines += breaks + 1
        field = 0
        breaks = 0
      }
      start = s = p + 1
      done = rows >= rowsMax || start >= stop || start >= limit
      if (done) break
    }
    i += 32
  }
  store<i32>(result, rows)
  store<i32>(result, start, 4)
  store<i32>(result, lines, 8)
}

/**
 * Marks the fields of a column that are null for having no bytes, and answers how many rows are left:
 * their length is one of a null's. Bit n of `lengths`: there is a null of n bytes; bit 31: of more.
 * As `CsvFormat`: a quoted text is none; of other kinds spaces around do not count.
 */
export function nulls(
  bytes: usize, at: usize, step: i32, rows: i32, lengths: i32, text: i32, left: usize,
): i32 {
  let count: i32 = 0
  for (let row: i32 = 0; row < rows; row++, at += step) {
    let end = load<i32>(at, 4)
    if (end < 0) continue
    let start = load<i32>(at)
    if (text != 0) {
      if (load<u8>(bytes + start - 1) == QUOTE) continue
    } else {
      while (end > start && isSpace(load<u8>(bytes + start))) start++
      while (end > start && isSpace(load<u8>(bytes + end - 1))) end--
    }
    const length = end - start
    if (((lengths >>> (length < 31 ? length : 31)) & 1) == 0) continue
    if (length == 0) store<i32>(at, NULL, 4)
    else store<i32>(left + (<usize>(count++) << 2), row)
  }
  return count
}
