// The walk of `tokenise.ts` and `object.ts` over the lines that are as they should be, in AssemblyScript:
// its compiled form stands in `walk-kernel.wasm.ts` (`node scripts/kernels.mjs` renews it). Texts and
// digits are passed over 16 bytes at a time. After a key, the one that last followed it is expected, and
// found there by one comparison; only another is hashed and looked up. It leaves the first line that is
// not as it should be (no object, not JSON, escapes in a key, nested more deeply than `NESTED_MAX`, too
// long, cut off by the window's end) to that walk. Nothing passes over a line feed, not even at the
// limit, where it is the window's. Positions are relative to `bytes`.
//
// | a key's entry | 128 bytes                                                            |
// |---------------|----------------------------------------------------------------------|
// | 0             | the bits of its first 16 bytes; a bit more where it stands for no key |
// | 4             | bytes from 16 on                                                     |
// | 8             | where its value goes, from the row's first field on                  |
// | 12            | the entry of the key that last followed it                           |
// | 16            | the key, its closing quote, a colon                                  |
//
// The first entry stands for an object's begin, the second for keys that have none.
//
// A column's word in `seen` has a bit for each type of value that it had in the batch, or may have had:
// 1 numbers, 2 texts, 8 nulls and missing keys, 16 true and false, 32 lists and objects.

const QUOTE: i32 = 34
const COMMA: i32 = 44
const MINUS: i32 = 45
const POINT: i32 = 46
const ZERO: i32 = 48
const COLON: i32 = 58
const LIST: i32 = 91
const BACKSLASH: i32 = 92
const OBJECT: i32 = 123
const CLOSE: i32 = 125
const LF: i32 = 10
const NULL: i32 = i32.MIN_VALUE
const FAILED: i32 = i32.MIN_VALUE
const NESTED_MAX: i32 = 64
const NUMBER: i32 = 1
const TEXT: i32 = 2
const NONE: i32 = 8
const BOOL: i32 = 16
const NESTED: i32 = 32

const ENTRY: usize = 128
const KEY: usize = 16
/** What a key's quote and colon take. */
const CLOSING: i32 = 2
const KEY_MAX: i32 = <i32>(ENTRY - KEY) - CLOSING

// The table of keys: entries, and slots (a power of two) that hash to them.
let entries: usize = 0
let count: i32 = 0
let countMax: i32 = 0
let slots: usize = 0
let mask: u32 = 0
/** Where values of keys without a column go. */
let spare: i32 = 0

/** An empty table for `max` keys; the memory must be zeros. */
export function begin(table: usize, max: i32, slotCount: i32, spareSlot: i32): void {
  slots = table
  mask = slotCount - 1
  entries = table + (<usize>slotCount << 2)
  countMax = max + 2
  spare = spareSlot
  count = 2
  for (let e = entries; e < entries + 2 * ENTRY; e += ENTRY) {
    store<i32>(e, 0x10000)
    store<i32>(e, spareSlot, 8)
    store<i32>(e, <i32>(entries + ENTRY), 12)
  }
}

/** A key of the schema, in the schema's order; `start` is where its bytes lie. */
export function add(start: usize, length: i32, slot: i32): void {
  const before = count == 2 ? entries : entries + <usize>(count - 1) * ENTRY
  const place = find(start, length)
  if (load<i32>(place) != 0) return
  store<i32>(before, <i32>insert(place, start, length, slot), 12)
}

/** The slot that has the key, or the empty one where it belongs. */
function find(start: usize, length: i32): usize {
  let h: u64 = length
  if (length >= 8) {
    h = (h ^ load<u64>(start)) * 0x9e3779b97f4a7c15
    h = (h ^ (h >> 32) ^ load<u64>(start + (length >> 1) - 4)) * 0x9e3779b97f4a7c15
    h = h ^ (h >> 32) ^ load<u64>(start + length - 8)
  } else for (let i = 0; i < length; i++) h = (h << 8) ^ load<u8>(start + i)
  h *= 0x9e3779b97f4a7c15
  let at = <u32>(h >> 32)
  while (true) {
    at &= mask
    const place = slots + (<usize>at << 2)
    const e = <usize>load<i32>(place)
    if (e == 0) return place
    if (load<i32>(e, 4) == length + CLOSING && memory.compare(e + KEY, start, length) == 0) return place
    at++
  }
}

function insert(place: usize, start: usize, length: i32, slot: i32): usize {
  const e = entries + <usize>count * ENTRY
  count++
  const whole = length + CLOSING
  store<i32>(e, whole >= 16 ? 0xffff : (1 << whole) - 1)
  store<i32>(e, whole, 4)
  store<i32>(e, slot, 8)
  store<i32>(e, <i32>(entries + ENTRY), 12)
  memory.copy(e + KEY, start, length)
  store<u8>(e + KEY + length, QUOTE)
  store<u8>(e + KEY + length, COLON, 1)
  store<i32>(place, <i32>e)
  return e
}

/** The entry of a key, made where there is room for one. */
function entryOf(start: usize, length: i32): usize {
  if (length > KEY_MAX) return entries + ENTRY
  const place = find(start, length)
  const e = <usize>load<i32>(place)
  if (e != 0) return e
  return count < countMax ? insert(place, start, length, spare) : entries + ENTRY
}

/** Whether the bytes at p are those of the entry. */
@inline
function follows(p: usize, e: usize): bool {
  const bits = load<i32>(e)
  const equal = i8x16.bitmask(i8x16.eq(v128.load(p), v128.load(e, KEY)))
  return (equal & bits) == bits && (load<i32>(e, 4) <= 16 || followsOn(p, e))
}

function followsOn(p: usize, e: usize): bool {
  const length = <usize>load<i32>(e, 4)
  return memory.compare(p + 16, e + KEY + 16, length - 16) == 0
}

/** Past spaces, tabs and carriage returns. */
function space(p: usize): usize {
  while (true) {
    const c = load<u8>(p)
    if (c != 32 && c != 9 && c != 13) return p
    p++
  }
}

/** The bytes among 16 at which a text stops or has more than plain bytes. */
@inline
function marks(p: usize): i32 {
  const word = v128.load(p)
  const quotes = i8x16.eq(word, i8x16.splat(<i8>QUOTE))
  const slashes = i8x16.eq(word, i8x16.splat(<i8>BACKSLASH))
  const controls = i8x16.eq(i8x16.min_u(word, i8x16.splat(31)), word)
  return i8x16.bitmask(v128.or(v128.or(quotes, slashes), controls))
}

/** Where the text at p ends, relative to `bytes`; ~that where it holds escapes, FAILED where it is none. */
function textEnd(p: usize, bytes: usize): i32 {
  let escaped: i32 = 0
  while (true) {
    const found = marks(p)
    if (found == 0) {
      p += 16
      continue
    }
    p += ctz(found)
    const c = <i32>load<u8>(p)
    if (c == QUOTE) return <i32>(p - bytes) ^ escaped
    if (c != BACKSLASH) return FAILED
    escaped = -1
    const d = <i32>load<u8>(p, 1)
    if (d == 117) {
      if (!hex(load<u8>(p, 2)) || !hex(load<u8>(p, 3)) || !hex(load<u8>(p, 4)) || !hex(load<u8>(p, 5))) return FAILED
      p += 6
    } else {
      // b f n r t, quote, slash, backslash
      if (d != 98 && d != 102 && d != 110 && d != 114 && d != 116 && d != QUOTE && d != 47 && d != BACKSLASH) return FAILED
      p += 2
    }
  }
}

@inline
function hex(c: u32): bool {
  return c - 48 <= 9 || (c | 32) - 97 <= 5
}

function digitsEnd(p: usize): usize {
  while (<u32>load<u8>(p) - ZERO <= 9) p++
  return p
}

/** The byte after the number at p; 0 where there is none. */
function numberEnd(p: usize): usize {
  if (load<u8>(p) == MINUS) p++
  const from = p
  p = digitsEnd(p)
  if (p == from || (load<u8>(from) == ZERO && p > from + 1)) return 0
  if (load<u8>(p) == POINT) {
    const point = p + 1
    p = digitsEnd(point)
    if (p == point) return 0
  }
  if ((load<u8>(p) | 32) == 101) {
    p++
    const sign = <i32>load<u8>(p)
    if (sign == 43 || sign == MINUS) p++
    const exponent = p
    p = digitsEnd(p)
    if (p == exponent) return 0
  }
  return p
}

/** The same, for most numbers at once: up to 15 characters without an exponent. */
@inline
function plainNumberEnd(p: usize): usize {
  const from = p + <usize>(load<u8>(p) == MINUS)
  const word = i8x16.sub(v128.load(from), i8x16.splat(<i8>ZERO))
  const others = ~i8x16.bitmask(i8x16.eq(i8x16.min_u(word, i8x16.splat(9)), word))
  const whole = ctz(others)
  let length = whole
  if (load<u8>(from + whole) == POINT) length = ctz(others & (-2 << whole))
  const c = <i32>load<u8>(from + length)
  const odd = whole == 0 || length > 15 || length == whole + 1 || (c | 32) == 101 || (whole > 1 && load<u8>(from) == ZERO)
  return odd ? numberEnd(p) : from + length
}

/** The byte after the value at p, which is no list or object; 0 where there is none. */
function scalarEnd(p: usize): usize {
  const c = <i32>load<u8>(p)
  if (c == QUOTE) {
    const end = textEnd(p + 1, 0)
    return end == FAILED ? 0 : <usize>(end ^ (end >> 31)) + 1
  }
  if (c == MINUS || <u32>(c - ZERO) <= 9) return numberEnd(p)
  const word = load<u32>(p)
  if (word == 0x65757274 || word == 0x6c6c756e) return p + 4
  return word == 0x736c6166 && load<u8>(p, 4) == 101 ? p + 5 : 0
}

/** The first byte of the value whose key should be at p; 0 where there is none. */
function pastKey(p: usize): usize {
  if (load<u8>(p) != QUOTE) return 0
  p = scalarEnd(p)
  if (p == 0) return 0
  p = space(p)
  return load<u8>(p) == COLON ? space(p + 1) : 0
}

/** The byte after the list or object at p; 0 where there is none, or it is nested too deeply. */
function nestedEnd(p: usize): usize {
  // A bit for each level: 1 where it is an object.
  let levels: u64 = 0
  let depth: i32 = 0
  while (true) {
    const c = <i32>load<u8>(p)
    if (c == OBJECT || c == LIST) {
      if (depth == NESTED_MAX) return 0
      depth++
      levels = (levels << 1) | <u64>(c == OBJECT)
      p = space(p + 1)
      if (load<u8>(p) != c + 2) {
        if (c == OBJECT) p = pastKey(p)
        if (p == 0) return 0
        continue
      }
    } else {
      p = scalarEnd(p)
      if (p == 0) return 0
      p = space(p)
    }
    // Behind a value, or at the end of an empty list or object.
    while (load<u8>(p) != COMMA) {
      if (load<u8>(p) != ((levels & 1) != 0 ? CLOSE : 93)) return 0
      levels >>= 1
      p++
      if (--depth == 0) return p
      p = space(p)
    }
    p = space(p + 1)
    if ((levels & 1) != 0) p = pastKey(p)
    if (p == 0) return 0
  }
}

/** Notes the columns that a row has nothing for; fields and `seen` words lie eight bytes apart. */
function missing(base: usize, width: usize, seen: usize): void {
  for (let o: usize = 0; o < width; o += 8)
    if (load<i32>(base + o, 4) == NULL) store<i32>(seen + o, load<i32>(seen + o) | NONE)
}

/** Writes three words to `result`: rows, where the next line starts, line breaks passed. */
export function walk(
  bytes: usize, at: usize, starts: usize, ends: usize, result: usize, seen: usize,
  stride: i32, rowsMax: i32, recordBytesMax: i32,
  next: i32, limit: i32, stop: i32, rows: i32,
): void {
  const width: usize = <usize>stride << 3
  let base: usize = at + <usize>rows * width
  let lines: i32 = 0
  let start: usize = bytes + next
  const until = bytes + stop
  const last = bytes + limit
  if (rows == 0) memory.fill(seen, 0, width)
  // Keys of the line before: who has as many, each as expected, has the same.
  let keysBefore: i32 = -1
  while (rows < rowsMax && start < until) {
    let p = start
    let c = <i32>load<u8>(p)
    if (c <= 32) {
      p = space(p)
      c = <i32>load<u8>(p)
      if (c == LF && p < last && <i32>(p - start) <= recordBytesMax) {
        lines++
        start = p + 1
        continue
      }
    }
    if (c != OBJECT) break
    for (let to = base; to < base + width; to += 8) store<u64>(to, 0x8000000000000000)
    let keys: i32 = 0
    let expected: bool = true
    p++
    c = <i32>load<u8>(p)
    if (c <= 32) {
      p = space(p)
      c = <i32>load<u8>(p)
    }
    if (c == CLOSE) p++
    else {
      let closed: bool = false
      let before = entries
      while (c == QUOTE) {
        let e = <usize>load<i32>(before, 12)
        if (follows(p + 1, e)) p += load<i32>(e, 4) + 1
        else {
          const key = p + 1
          const end = textEnd(key, bytes)
          if (end < 0) break
          p = bytes + end
          e = entryOf(key, <i32>(p - key))
          store<i32>(before, <i32>e, 12)
          expected = false
          p = space(p + 1)
          if (load<u8>(p) != COLON) break
          p++
        }
        before = e
        keys++
        const slot = load<i32>(e, 8)
        const to = base + slot
        let type = TEXT
        c = <i32>load<u8>(p)
        if (c <= 32) {
          p = space(p)
          c = <i32>load<u8>(p)
        }
        if (c == QUOTE) {
          p++
          const found = marks(p)
          const first = p + ctz(found)
          const end: i32 = found != 0 && load<u8>(first) == QUOTE ? <i32>(first - bytes) : textEnd(p, bytes)
          if (end == FAILED) break
          store<i32>(to, <i32>(p - bytes))
          store<i32>(to, end, 4)
          p = bytes + (end ^ (end >> 31)) + 1
        } else {
          const from = p
          if (<u32>(c - ZERO) <= 9 || c == MINUS) {
            p = plainNumberEnd(p)
            type = NUMBER
          } else if (c == OBJECT || c == LIST) {
            p = nestedEnd(p)
            type = NESTED
          } else {
            p = scalarEnd(p)
            type = c == 110 ? NONE : BOOL
          }
          if (p == 0) break
          store<i32>(to, <i32>(from - bytes))
          store<i32>(to, type == NONE ? NULL : <i32>(p - bytes), 4)
        }
        store<i32>(seen + slot, load<i32>(seen + slot) | type)
        c = <i32>load<u8>(p)
        if (c <= 32) {
          p = space(p)
          c = <i32>load<u8>(p)
        }
        p++
        closed = c == CLOSE
        if (c != COMMA) break
        c = <i32>load<u8>(p)
        if (c <= 32) {
          p = space(p)
          c = <i32>load<u8>(p)
        }
      }
      if (!closed) break
    }
    c = <i32>load<u8>(p)
    if (c <= 32 && c != LF) {
      p = space(p)
      c = <i32>load<u8>(p)
    }
    if (c != LF || p >= last || <i32>(p - start) > recordBytesMax) break
    if (!expected || keys != keysBefore) missing(base, width, seen)
    keysBefore = keys
    store<i32>(starts + (<usize>rows << 2), <i32>(start - bytes))
    store<i32>(ends + (<usize>rows << 2), <i32>(p - bytes))
    rows++
    lines++
    base += width
    start = p + 1
  }
  store<i32>(result, rows)
  store<i32>(result, <i32>(start - bytes), 4)
  store<i32>(result, lines, 8)
}

/**
 * Lists the rows whose field is not surely of the type that its column takes, and answers their number.
 * `takes`: bits as of `seen`, and 4 for texts with a minus after four bytes.
 */
export function others(bytes: usize, at: usize, step: i32, rows: i32, left: usize, takes: i32): i32 {
  let n: i32 = 0
  for (let row: i32 = 0; row < rows; row++, at += step) {
    let type = NONE
    if (load<i32>(at, 4) != NULL) {
      const s = bytes + load<i32>(at)
      const c = <i32>load<u8>(s)
      if (load<u8>(s - 1) == QUOTE) type = TEXT | (<i32>(load<u8>(s, 4) == MINUS) << 2)
      else if (c == MINUS || <u32>(c - ZERO) <= 9) type = NUMBER
      else type = c == 116 || c == 102 ? BOOL : NESTED
    }
    store<i32>(left + (n << 2), row)
    n += <i32>((takes & type) == 0)
  }
  return n
}
