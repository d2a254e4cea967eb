// Decoders of plain fields over a reader's memory, in AssemblyScript: eight digits are one multiplication
// each for pairs, fours and eights (Lemire, "Quickly parsing eight digits"), and lengths make no branch.
// What is written otherwise (longer, with spaces, in other formats, wrong) is listed in `left`, for the
// decoders in `decode/`. Compiled into `decode-kernel.wasm.ts` by `node scripts/kernels.mjs`.

const NULL: i32 = i32.MIN_VALUE
const ZEROS: u64 = 0x3030303030303030
const DOTS: u64 = 0x2e2e2e2e2e2e2e2e
const MINUS: u32 = 45
const DAY: f64 = 86400e6

/** The number of eight ASCII digits, first digit lowest in memory; -1 where they are none. */
@inline
function digits(word: u64): i32 {
  const bad = ((word & 0xf0f0f0f0f0f0f0f0) ^ ZEROS) | (((word + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) ^ ZEROS)
  if (bad != 0) return -1
  let v = word & 0x0f0f0f0f0f0f0f0f
  v = (v * 10 + (v >> 8)) & 0x00ff00ff00ff00ff
  v = (v * 100 + (v >> 16)) & 0x0000ffff0000ffff
  return <i32>((v * 10000 + (v >> 32)) & 0xffffffff)
}

/** The last `length` (1 to 8) of the bytes before `end`, zeros before them. */
@inline
function tail(end: usize, length: i32): u64 {
  const shift = <u64>(64 - (length << 3))
  return ((load<u64>(end - 8) >> shift) << shift) | (shift == 0 ? 0 : ZEROS >> (64 - shift))
}

/** Whether a field is null, and stores that where its column has nulls. Where it has none: left. */
@inline
function isNull<T>(end: i32, row: i32, values: usize, valid: usize): bool {
  if (valid == 0) return false
  store<u8>(valid + row, end == NULL ? 0 : 1)
  if (end == NULL) store<T>(values + row * sizeof<T>(), 0)
  return end == NULL
}

/** Whole numbers of up to eight digits. Answers how many rows are left. */
@inline
function whole<T>(
  bytes: usize, at: usize, step: i32, rows: i32, values: usize, valid: usize, left: usize,
): i32 {
  let count: i32 = 0
  for (let row: i32 = 0; row < rows; row++, at += step) {
    const end = load<i32>(at, 4)
    if (isNull<T>(end, row, values, valid)) continue
    let start = load<i32>(at)
    const negative = load<u8>(bytes + start) == MINUS
    if (negative) start++
    // `17850.0`: how a whole number looks that was once a float.
    const to = end > start + 2 && load<u16>(bytes + end - 2) == 0x302e ? end - 2 : end
    const length = to - start
    let value: i32 = -1
    if (length > 0 && length <= 8) value = digits(tail(bytes + to, length))
    if (value < 0) store<i32>(left + (count++ << 2), row)
    else store<T>(values + row * sizeof<T>(), <T>(negative ? -value : value))
  }
  return count
}

/** Whole numbers as words. */
export function int32(
  bytes: usize, at: usize, step: i32, rows: i32, values: usize, valid: usize, left: usize,
): i32 {
  return whole<i32>(bytes, at, step, rows, values, valid, left)
}

/** Whole numbers as doubles. */
export function int64(
  bytes: usize, at: usize, step: i32, rows: i32, values: usize, valid: usize, left: usize,
): i32 {
  return whole<f64>(bytes, at, step, rows, values, valid, left)
}

/** Decimals of up to eight characters into units as doubles; `powers`: the powers of ten. */
export function decimal(
  bytes: usize, at: usize, step: i32, rows: i32, values: usize, valid: usize, left: usize,
  scale: i32, limit: f64, powers: usize,
): i32 {
  let count: i32 = 0
  for (let row: i32 = 0; row < rows; row++, at += step) {
    const end = load<i32>(at, 4)
    if (isNull<f64>(end, row, values, valid)) continue
    let start = load<i32>(at)
    const negative = load<u8>(bytes + start) == MINUS
    if (negative) start++
    const length = end - start
    let units: f64 = -1
    if (length > 0 && length <= 8) {
      let word = tail(bytes + end, length)
      const x = word ^ DOTS
      // The lowest byte that is zero, exactly.
      const found = (x - 0x0101010101010101) & ~x & 0x8080808080808080
      let more = scale
      if (found != 0) {
        const point = <i32>(ctz(found) >> 3)
        const below: u64 = ((<u64>1) << <u64>(point << 3)) - 1
        more = scale - (7 - point)
        // What stands before the point moves over it. Nothing before or behind it: left.
        word = ((word & below) << 8) | (word & ~((below << 8) | 0xff)) | 0x30
        if (point == 7 || point <= 8 - length) more = -1
      }
      const value = digits(word)
      if (value >= 0 && more >= 0) units = <f64>value * load<f64>(powers + (more << 3))
    }
    if (units < 0 || units >= limit) store<i32>(left + (count++ << 2), row)
    else store<f64>(values + (row << 3), negative ? 0 - units : units)
  }
  return count
}

/** Two ASCII digits at an address; above 99 where they are none. */
@inline
function pair(address: usize): u32 {
  const high = <u32>load<u8>(address) - 48
  const low = <u32>load<u8>(address, 1) - 48
  return high > 9 || low > 9 ? 100 : high * 10 + low
}

function monthLength(year: u32, month: u32): u32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31
}

/** Days since 1970 (Hinnant); i32.MIN_VALUE where `yyyy-MM-dd` is none. */
function dayAt(address: usize): i32 {
  const century = pair(address)
  const y = pair(address + 2)
  const month = pair(address + 5)
  const day = pair(address + 8)
  if (century > 99 || y > 99 || month < 1 || month > 12) return NULL
  if (load<u8>(address, 4) != 45 || load<u8>(address, 7) != 45) return NULL
  const full = century * 100 + y
  if (day < 1 || day > monthLength(full, month)) return NULL
  const year = <i32>full - (month > 2 ? 0 : 1)
  const era = (year < 0 ? year - 399 : year) / 400
  const ofEra = year - era * 400
  const ofYear = (153 * (<i32>month + (month > 2 ? -3 : 9)) + 2) / 5 + <i32>day - 1
  return era * 146097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719468
}

/** `yyyy-MM-dd HH:mm:ss`, T for the space, Z behind where `instant`, into microseconds. */
export function time(
  bytes: usize, at: usize, step: i32, rows: i32, values: usize, valid: usize, left: usize,
  instant: i32,
): i32 {
  let count: i32 = 0
  // The field before: its words, the last eight of its 19 bytes, and its value.
  let a: u64 = 0
  let b: u64 = 0
  let c: u64 = 0
  let value: f64 = 0
  let days: i32 = NULL
  for (let row: i32 = 0; row < rows; row++, at += step) {
    const end = load<i32>(at, 4)
    if (isNull<f64>(end, row, values, valid)) continue
    const s = bytes + load<i32>(at)
    const length = end - load<i32>(at)
    if (length != 19 && (length != 20 || instant == 0 || load<u8>(s, 19) != 90)) {
      store<i32>(left + (count++ << 2), row)
      continue
    }
    const a1 = load<u64>(s)
    const b1 = load<u64>(s, 8)
    const c1 = load<u64>(s, 11)
    if (a1 != a || b1 != b || c1 != c) {
      if (a1 != a || ((b1 ^ b) & 0xffff) != 0) days = dayAt(s)
      a = a1
      b = b1
      c = c1
      const hours = pair(s + 11)
      const minutes = pair(s + 14)
      const seconds = pair(s + 17)
      const gap = load<u8>(s, 10)
      const marks = load<u8>(s, 13) == 58 && load<u8>(s, 16) == 58 && (gap == 32 || gap == 84)
      if (days == NULL || hours > 23 || minutes > 59 || seconds > 59 || !marks) a = 0
      else value = <f64>days * DAY + <f64>(hours * 3600 + minutes * 60 + seconds) * 1e6
    }
    if (a == 0) {
      days = NULL
      store<i32>(left + (count++ << 2), row)
    } else store<f64>(values + (row << 3), value)
  }
  return count
}

/** `yyyy-MM-dd` into days. */
export function date(
  bytes: usize, at: usize, step: i32, rows: i32, values: usize, valid: usize, left: usize,
): i32 {
  let count: i32 = 0
  let a: u64 = 0
  let b: u32 = 0
  let days: i32 = NULL
  for (let row: i32 = 0; row < rows; row++, at += step) {
    const end = load<i32>(at, 4)
    if (isNull<i32>(end, row, values, valid)) continue
    const s = bytes + load<i32>(at)
    if (end - load<i32>(at) == 10) {
      const a1 = load<u64>(s)
      const b1: u32 = load<u16>(s, 8)
      if (a1 != a || b1 != b) days = dayAt(s)
      a = a1
      b = b1
      if (days != NULL) {
        store<i32>(values + (row << 2), days)
        continue
      }
    }
    store<i32>(left + (count++ << 2), row)
  }
  return count
}

/** Line feeds among the bytes from..to. */
export function feeds(bytes: usize, from: i32, to: i32): i32 {
  const feed = i8x16.splat(10)
  let count: i32 = 0
  let i = from
  for (; i + 16 <= to; i += 16) count += popcnt(i8x16.bitmask(i8x16.eq(v128.load(bytes + i), feed)))
  for (; i < to; i++) if (load<u8>(bytes + i) == 10) count++
  return count
}
