// Codes of texts met lately: a cache of two places a set, keyed by a text's length and up to three of its
// eight-byte words; a hit is always compared byte by byte. A text of up to eight bytes lies in its place, a
// longer one in the column's store behind the places. What is not there stops the loop: the caller finds the
// text's code in its dictionary and goes on behind it. Compiled into `text-kernel.wasm.ts` by
// `node scripts/kernels.mjs`.
//
// | place, 16 bytes | what                                          |
// |-----------------|-----------------------------------------------|
// | 0..7            | the text, zeros behind it; or where it begins |
// | 8..11           | its length                                    |
// | 12..15          | its code + 1; 0: empty                        |

const NULL: i32 = i32.MIN_VALUE
const LONGEST: i32 = 4096

/** What the caller says of the row that stopped the loop last: the place for it, its text. */
let place: usize = 0
let word: u64 = 0

@inline
function key(start: usize, length: i32): u64 {
  if (length <= 8) return word * 0x9e3779b97f4a7c15
  let mixed = load<u64>(start) * 0x9e3779b97f4a7c15
  mixed = (mixed ^ (mixed >> 29) ^ load<u64>(start + length - 8)) * 0xbf58476d1ce4e5b9
  if (length > 16) mixed = (mixed ^ (mixed >> 31) ^ load<u64>(start + (length >> 1) - 4)) * 0x94d049bb133111eb
  return mixed
}

/** Whether a text of nine bytes or more is the one at `held`. */
@inline
function same(start: usize, held: usize, length: i32): bool {
  const last: usize = length - 8
  for (let i: usize = 0; i < last; i += 8)
    if (load<u64>(start + i) != load<u64>(held + i)) return false
  return load<u64>(start + last) == load<u64>(held + last)
}

@inline
function holds(at: usize, start: usize, length: i32): bool {
  if (load<i32>(at, 8) != length || load<i32>(at, 12) == 0) return false
  const held = load<u64>(at)
  return length <= 8 ? held == word : same(start, <usize>held, length)
}

/** Puts the row's text where it was looked for; the store, when full, begins anew with all places empty. */
function remember(start: usize, length: i32, code: i32, cache: usize, sets: u32, bytes: u32): void {
  const store_ = cache + 16 + (sets << 5)
  if (length > 8) {
    if (load<u32>(cache) + length > bytes) {
      memory.fill(cache, 0, 16 + (sets << 5))
    }
    const used = load<u32>(cache)
    memory.copy(store_ + used, start, length)
    store<u32>(cache, used + length)
    word = store_ + used
  }
  // The place that is empty, else the second: the first keeps what came first.
  const at = load<i32>(place, 12) == 0 ? place : place + 16
  store<u64>(at, word)
  store<i32>(at, length, 8)
  store<i32>(at, code + 1, 12)
}

/**
 * Codes for the fields of rows from..rows; answers the row that is not known, or `rows`. `code`: of the row
 * before `from`, where that stopped the loop; -1 where it is not to be kept.
 */
export function codes(
  bytes: usize, at: usize, step: i32, from: i32, rows: i32, values: usize, valid: usize,
  cache: usize, sets: u32, room: u32, code: i32,
): i32 {
  if (code >= 0 && place != 0) {
    const before = at + (from - 1) * step
    const start = load<i32>(before)
    remember(bytes + start, load<i32>(before, 4) - start, code, cache, sets, room)
  }
  const places = cache + 16
  at += from * step
  for (let row = from; row < rows; row++, at += step) {
    const end = load<i32>(at, 4)
    if (end < 0) {
      if (end == NULL) {
        if (valid != 0) store<u8>(valid + row, 0)
        store<i32>(values + (row << 2), 0)
        continue
      }
      place = 0
      return row
    }
    if (valid != 0) store<u8>(valid + row, 1)
    const first = load<i32>(at)
    const length = end - first
    const start = bytes + first
    if (length <= 8) word = length == 0 ? 0 : load<u64>(start) & (<u64>-1 >> <u64>(64 - (length << 3)))
    else if (length > LONGEST) {
      place = 0
      return row
    }
    const mixed = key(start, length) + length
    place = places + (<usize>((mixed ^ (mixed >> 32)) >> 7 & (sets - 1)) << 5)
    if (holds(place, start, length)) {
      store<i32>(values + (row << 2), load<i32>(place, 12) - 1)
      continue
    }
    if (holds(place + 16, start, length)) {
      store<i32>(values + (row << 2), load<i32>(place + 16, 12) - 1)
      continue
    }
    return row
  }
  place = 0
  return rows
}

/** Forgets all texts. */
export function forget(cache: usize, sets: u32): void {
  memory.fill(cache, 0, 16 + (sets << 5))
}
