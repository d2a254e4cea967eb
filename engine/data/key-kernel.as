// Numbers for keys of fixed width, by first appearance: an open-addressing table whose keys are rows of 32-bit
// words, and the copies between columns and such rows. Equal keys are equal words: -0 becomes 0 and every NaN one
// NaN as they are packed. Compiled into `key-kernel.wasm.ts` by `node scripts/kernels.mjs`.
//
// | slot, 8 bytes | what                                             |
// |---------------|--------------------------------------------------|
// | 0..3          | the key's number + 1; 0: empty                   |
// | 4..7          | the low half of its hash, to dismiss most others |
//
// Slots are chosen by the hash's high half. The keys stand behind the slots, in the order of their numbers.

let slots: usize = 0
let keys: usize = 0
let mask: u32 = 0
let count: i32 = 0
let capacity: i32 = 0
let width: i32 = 1

const NAN: u64 = 0x7ff8000000000000

@inline
function mixed(h: u64, word: u64): u64 {
  const product = (h ^ word) * 0x9e3779b97f4a7c15
  return product ^ (product >> 32)
}

/** The last step: the high half is as good as the low one. */
@inline
function ended(h: u64): u64 {
  return (h ^ (h >> 29)) * 0xbf58476d1ce4e5b9
}

@inline
function hashOf(at: usize): u64 {
  let h: u64 = 0
  let w = 0
  for (; w + 2 <= width; w += 2, at += 8) h = mixed(h, load<u64>(at))
  if (w < width) h = mixed(h, <u64>load<u32>(at))
  return ended(h)
}

@inline
function hashTwo(key: u64): u64 {
  return ended(mixed(0, key))
}

@inline
function same(a: usize, b: usize): bool {
  for (let w = 0; w < width; w++, a += 4, b += 4) if (load<u32>(a) != load<u32>(b)) return false
  return true
}

/** Puts the numbers of all keys into slots that are empty. */
function refill(): void {
  memory.fill(slots, 0, <usize>(mask + 1) << 3)
  const step: usize = <usize>width << 2
  let key = keys
  for (let g = 1; g <= count; g++, key += step) {
    const h = hashOf(key)
    let at = <u32>(h >> 32) & mask
    while (load<u32>(slots + (<usize>at << 3)) != 0) at = (at + 1) & mask
    store<u64>(slots + (<usize>at << 3), (h << 32) | <u64>g)
  }
}

/**
 * Places the table at `from`, with room for so many keys, a power of two: keys that are there move along.
 * Memory must reach to its end.
 */
export function place(from: usize, room: i32, words: i32): void {
  const to = from + (<usize>room << 4)
  if (count > 0) memory.copy(to, keys, (<usize>count * <usize>words) << 2)
  slots = from
  keys = to
  mask = <u32>(room << 1) - 1
  capacity = room
  width = words
  refill()
}

/** Forgets all keys but the first `kept` ones, whose words stand at `keysAt` already. */
export function keep(kept: i32): void {
  count = kept
  refill()
}

export function counted(): i32 {
  return count
}
export function keysAt(): usize {
  return keys
}

/**
 * The numbers of rows from..rows, whose keys stand at `words` one after the other; new ones are added. Answers the
 * row for whose key there is no room, or `rows`. `selection`: by row its index in `groups`; 0: the row itself.
 */
export function number(words: usize, from: i32, rows: i32, selection: usize, groups: usize): i32 {
  if (width == 2) return numberTwo(words, from, rows, selection, groups)
  if (width == 4) return numberFour(words, from, rows, selection, groups)
  const step: usize = <usize>width << 2
  let key = words + <usize>from * step
  for (let k = from; k < rows; k++, key += step) {
    const h = hashOf(key)
    let at = <u32>(h >> 32) & mask
    let slot: u64
    for (;;) {
      slot = load<u64>(slots + (<usize>at << 3))
      if (slot == 0) {
        if (count == capacity) return k
        memory.copy(keys + <usize>count * step, key, step)
        slot = (h << 32) | <u64>++count
        store<u64>(slots + (<usize>at << 3), slot)
        break
      }
      if (<u32>(slot >> 32) == <u32>h && same(keys + <usize>(<u32>slot - 1) * step, key)) break
      at = (at + 1) & mask
    }
    const row = selection == 0 ? k : load<i32>(selection + (<usize>k << 2))
    store<u32>(groups + (<usize>row << 2), <u32>slot - 1)
  }
  return rows
}

let touched: u32 = 0

/** Reads the slots of rows from..to, all under way at once: where rows are new or not is hard to foresee, and each wrong guess would wait for its slot. */
@inline
function touch(words: usize, from: i32, to: i32): void {
  let all: u32 = 0
  for (let k = from; k < to; k++) {
    const at = <u32>(hashTwo(load<u64>(words + (<usize>k << 3))) >> 32) & mask
    all += load<u32>(slots + (<usize>at << 3))
  }
  touched = all
}

/** As `number`, for keys of two words: one comparison. */
function numberTwo(words: usize, from: i32, rows: i32, selection: usize, groups: usize): i32 {
  for (let k = from; k < rows; k++) {
    if ((k & 31) == 0 || k == from) touch(words, k, min(rows, (k | 31) + 1))
    const key = load<u64>(words + (<usize>k << 3))
    const h = hashTwo(key)
    let at = <u32>(h >> 32) & mask
    let slot: u64
    for (;;) {
      slot = load<u64>(slots + (<usize>at << 3))
      if (slot == 0) {
        if (count == capacity) return k
        store<u64>(keys + (<usize>count << 3), key)
        slot = (h << 32) | <u64>++count
        store<u64>(slots + (<usize>at << 3), slot)
        break
      }
      if (<u32>(slot >> 32) == <u32>h && load<u64>(keys + (<usize>(<u32>slot - 1) << 3)) == key) break
      at = (at + 1) & mask
    }
    const row = selection == 0 ? k : load<i32>(selection + (<usize>k << 2))
    store<u32>(groups + (<usize>row << 2), <u32>slot - 1)
  }
  return rows
}

/** As `number`, for keys of four words, as wide decimals are: two comparisons. */
function numberFour(words: usize, from: i32, rows: i32, selection: usize, groups: usize): i32 {
  for (let k = from; k < rows; k++) {
    const key = words + (<usize>k << 4)
    const low = load<u64>(key)
    const high = load<u64>(key, 8)
    const h = ended(mixed(mixed(0, low), high))
    let at = <u32>(h >> 32) & mask
    let slot: u64
    for (;;) {
      slot = load<u64>(slots + (<usize>at << 3))
      if (slot == 0) {
        if (count == capacity) return k
        const fresh = keys + (<usize>count << 4)
        store<u64>(fresh, low)
        store<u64>(fresh, high, 8)
        slot = (h << 32) | <u64>++count
        store<u64>(slots + (<usize>at << 3), slot)
        break
      }
      const known = keys + (<usize>(<u32>slot - 1) << 4)
      if (<u32>(slot >> 32) == <u32>h && load<u64>(known) == low && load<u64>(known, 8) == high) break
      at = (at + 1) & mask
    }
    const row = selection == 0 ? k : load<i32>(selection + (<usize>k << 2))
    store<u32>(groups + (<usize>row << 2), <u32>slot - 1)
  }
  return rows
}

/** The k-th selected row. */
@inline
function rowAt(selection: usize, k: i32): usize {
  return selection == 0 ? <usize>k : <usize>load<i32>(selection + (<usize>k << 2))
}

@inline
function there(valid: usize, row: usize): bool {
  return valid == 0 || load<u8>(valid + row) != 0
}

/** Codes into word `to` of each key, -1 for null. `step`: bytes of a key. */
export function packCodes(values: usize, valid: usize, selection: usize, rows: i32, to: usize, step: usize): void {
  for (let k = 0; k < rows; k++, to += step) {
    const row = rowAt(selection, k)
    store<i32>(to, there(valid, row) ? load<i32>(values + (row << 2)) : -1)
  }
}

export function packBytes(values: usize, valid: usize, selection: usize, rows: i32, to: usize, step: usize): void {
  for (let k = 0; k < rows; k++, to += step) {
    const row = rowAt(selection, k)
    store<u32>(to, there(valid, row) ? load<u8>(values + row) : 0)
  }
}

export function packWords(values: usize, valid: usize, selection: usize, rows: i32, to: usize, step: usize): void {
  for (let k = 0; k < rows; k++, to += step) {
    const row = rowAt(selection, k)
    store<u32>(to, there(valid, row) ? load<u32>(values + (row << 2)) : 0)
  }
}

export function packFloats(values: usize, valid: usize, selection: usize, rows: i32, to: usize, step: usize): void {
  for (let k = 0; k < rows; k++, to += step) {
    const row = rowAt(selection, k)
    const value = there(valid, row) ? load<f32>(values + (row << 2)) : 0
    store<u32>(to, value != value ? 0x7fc00000 : value == 0 ? 0 : reinterpret<u32>(value))
  }
}

export function packPairs(values: usize, valid: usize, selection: usize, rows: i32, to: usize, step: usize): void {
  for (let k = 0; k < rows; k++, to += step) {
    const row = rowAt(selection, k)
    store<u64>(to, there(valid, row) ? load<u64>(values + (row << 3)) : 0)
  }
}

export function packDoubles(values: usize, valid: usize, selection: usize, rows: i32, to: usize, step: usize): void {
  for (let k = 0; k < rows; k++, to += step) {
    const row = rowAt(selection, k)
    const value = there(valid, row) ? load<f64>(values + (row << 3)) : 0
    store<u64>(to, value != value ? NAN : value == 0 ? 0 : reinterpret<u64>(value))
  }
}

export function packQuads(values: usize, valid: usize, selection: usize, rows: i32, to: usize, step: usize): void {
  for (let k = 0; k < rows; k++, to += step) {
    const row = rowAt(selection, k)
    const is = there(valid, row)
    store<u64>(to, is ? load<u64>(values + (row << 4)) : 0)
    store<u64>(to, is ? load<u64>(values + (row << 4), 8) : 0, 8)
  }
}

/** Into word `to` of each key the bit where the row is null; `first`: the word has no bits yet. */
export function packNulls(valid: usize, selection: usize, rows: i32, to: usize, step: usize, bit: u32, first: i32): void {
  for (let k = 0; k < rows; k++, to += step) {
    const before = first ? 0 : load<u32>(to)
    store<u32>(to, there(valid, rowAt(selection, k)) ? before : before | bit)
  }
}

/** Word or words `from` of keys, one after the other; bytes: 1, 4, 8 or 16 a key. */
export function unpack(from: usize, step: usize, rows: i32, to: usize, bytes: i32): void {
  if (bytes == 1) for (let k = 0; k < rows; k++, from += step) store<u8>(to + k, load<u8>(from))
  else if (bytes == 4)
    for (let k = 0; k < rows; k++, from += step) store<u32>(to + (<usize>k << 2), load<u32>(from))
  else
    for (let k = 0; k < rows; k++, from += step) {
      for (let b = 0; b < bytes; b += 8, to += 8) store<u64>(to, load<u64>(from + b))
    }
}

/** 1 where a key's word at `from` has not the bit. */
export function unpackValid(from: usize, step: usize, rows: i32, to: usize, bit: u32): void {
  for (let k = 0; k < rows; k++, from += step) store<u8>(to + k, (load<u32>(from) & bit) == 0 ? 1 : 0)
}
