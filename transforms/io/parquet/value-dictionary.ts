/**
 * Distinct fixed-width values in order of first appearance, compared as bits, so that -0 and every NaN
 * come back as they were. Large pages are numbered by the key kernel, whose table is the thread's and
 * is filled again where another dictionary had it; small ones by open addressing over int32 slots, which
 * is also the rule: the codes are the same.
 */
import type { Column } from '../../../engine/data/column.ts'
import { KeyNumbers } from '../../../engine/data/key-numbers.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { t } from '../../../engine/data/schema.ts'

/** Smaller pages do not repay the kernel's table, which is filled anew for each dictionary. */
const KERNEL_ROWS_MIN = 8192

/** A thread's table for values of so many words, and whose values it has. */
interface Table {
  readonly kind: Kind
  readonly keys: KeyNumbers
  of: ValueDictionary | null
}
const tables = new Map<number, Table | null>()

/** Kinds whose words the kernel takes as they are. */
const RAW: Readonly<Record<1 | 2 | 4, Kind>> = { 1: t.int32, 2: t.bigint, 4: t.decimal(38, 0) }

function tableFor(lanes: 1 | 2 | 4): Table | null {
  const known = tables.get(lanes)
  if (known !== undefined) return known
  const kind = RAW[lanes]
  const keys = KeyNumbers.of([kind])
  const made = keys && { kind, keys, of: null }
  tables.set(lanes, made)
  return made
}

/** To begin with: a file of thousands of columns has a dictionary for each. */
const SLOTS = 64

export class ValueDictionary {
  readonly lanes: 1 | 2 | 4
  count = 0
  words: Int32Array
  #slots = new Int32Array(SLOTS).fill(-1)
  /** Values that have a slot; others came by the kernel. */
  #slotted = 0
  readonly #kernelRowsMin: number

  /** `kernelRowsMin`: rows of a page from which on the kernel numbers it. */
  constructor(lanes: 1 | 2 | 4, kernelRowsMin = KERNEL_ROWS_MIN) {
    this.lanes = lanes
    this.#kernelRowsMin = kernelRowsMin
    this.words = new Int32Array((SLOTS / 2) * lanes)
  }

  clear(): void {
    this.count = 0
    this.#slotted = 0
    this.#slots.fill(-1)
    const table = tables.get(this.lanes)
    if (table?.of === this) table.of = null
  }

  get heldBytes(): number {
    return this.words.byteLength + this.#slots.byteLength
  }

  /** The code of each of the page's `count` values. */
  encode(page: Int32Array, count: number, codes: Int32Array): void {
    const table = count >= this.#kernelRowsMin ? tableFor(this.lanes) : null
    if (table !== null) {
      this.#number(table, page, { count, codes })
      return
    }
    if (this.#slotted < this.count) this.#rehash(this.#slots.length)
    if (this.lanes === 1) this.#encodeSingles(page, count, codes)
    else if (this.lanes === 2) this.#encodePairs(page, count, codes)
    else this.#encodeQuads(page, count, codes)
    this.#slotted = this.count
    if (tables.get(this.lanes)?.of === this) (tables.get(this.lanes) as Table).of = null
  }

  #number(
    table: Table,
    page: Int32Array,
    { count, codes }: { count: number; codes: Int32Array },
  ): void {
    const { keys, kind } = table
    const { lanes } = this
    const number = (values: Int32Array, rows: number): Int32Array => {
      const column: Column = { kind, values, valid: null, pool: null }
      return keys.assign([column], { rows, selected: rows, selection: null })
    }
    if (table.of !== this) {
      keys.clear()
      if (this.count > 0) number(this.words, this.count)
    }
    table.of = this
    codes.set(number(page, count))
    const before = this.count
    this.count = keys.count
    if (this.count === before) return
    this.#widen()
    const { buffer, byteOffset, byteLength } = keys.column(0, before, this.count).values
    this.words.set(new Int32Array(buffer, byteOffset, byteLength / 4), before * lanes)
  }

  /** Makes room for all values in `words`. */
  #widen(): void {
    let size = this.words.length
    while (size < this.count * this.lanes) size *= 2
    if (size === this.words.length) return
    const grown = new Int32Array(size)
    grown.set(this.words)
    this.words = grown
  }

  #encodeSingles(page: Int32Array, count: number, codes: Int32Array): void {
    let slots = this.#slots
    let words = this.words
    let mask = slots.length - 1
    for (let i = 0; i < count; i++) {
      const v = page[i] as number
      // Values often come in runs: the row before spares the look-up.
      if (i > 0 && v === page[i - 1]) {
        codes[i] = codes[i - 1] as number
        continue
      }
      const hash = Math.imul(v, -1640531527)
      let slot = (hash ^ (hash >>> 15)) & mask
      let code = slots[slot] as number
      while (code >= 0 && words[code] !== v) {
        slot = (slot + 1) & mask
        code = slots[slot] as number
      }
      if (code < 0) {
        code = this.#add(page, i, slot)
        slots = this.#slots
        words = this.words
        mask = slots.length - 1
      }
      codes[i] = code
    }
  }

  #encodePairs(page: Int32Array, count: number, codes: Int32Array): void {
    let slots = this.#slots
    let words = this.words
    let mask = slots.length - 1
    for (let i = 0; i < count; i++) {
      const low = page[2 * i] as number
      const high = page[2 * i + 1] as number
      if (i > 0 && low === page[2 * i - 2] && high === page[2 * i - 1]) {
        codes[i] = codes[i - 1] as number
        continue
      }
      const hash = Math.imul(low ^ Math.imul(high, -2048144789), -1640531527)
      let slot = (hash ^ (hash >>> 15)) & mask
      let code = slots[slot] as number
      while (code >= 0 && (words[2 * code] !== low || words[2 * code + 1] !== high)) {
        slot = (slot + 1) & mask
        code = slots[slot] as number
      }
      if (code < 0) {
        code = this.#add(page, i, slot)
        slots = this.#slots
        words = this.words
        mask = slots.length - 1
      }
      codes[i] = code
    }
  }

  #encodeQuads(page: Int32Array, count: number, codes: Int32Array): void {
    for (let i = 0; i < count; i++) {
      const { words } = this
      const slots = this.#slots
      const mask = slots.length - 1
      const hash = hashQuad(page, 4 * i)
      let slot = (hash ^ (hash >>> 15)) & mask
      let code = slots[slot] as number
      while (code >= 0 && !sameQuad(words, 4 * code, page, 4 * i)) {
        slot = (slot + 1) & mask
        code = slots[slot] as number
      }
      codes[i] = code < 0 ? this.#add(page, i, slot) : code
    }
  }

  #add(page: Int32Array, i: number, slot: number): number {
    const { lanes } = this
    const code = this.count++
    this.#widen()
    for (let lane = 0; lane < lanes; lane++)
      this.words[code * lanes + lane] = page[i * lanes + lane] as number
    this.#slots[slot] = code
    if (this.count * 2 > this.#slots.length) this.#rehash(this.#slots.length * 4)
    return code
  }

  /** Gives all values slots, at least so many and twice as many as there are values. */
  #rehash(least: number): void {
    let size = least
    while (this.count * 2 > size) size *= 2
    const slots = new Int32Array(size).fill(-1)
    const mask = slots.length - 1
    for (let code = 0; code < this.count; code++) {
      const hash = this.#hashOf(code)
      let slot = (hash ^ (hash >>> 15)) & mask
      while ((slots[slot] as number) >= 0) slot = (slot + 1) & mask
      slots[slot] = code
    }
    this.#slots = slots
  }

  #hashOf(code: number): number {
    const { lanes, words } = this
    if (lanes === 1) return Math.imul(words[code] as number, -1640531527)
    if (lanes === 4) return hashQuad(words, 4 * code)
    const high = Math.imul(words[2 * code + 1] as number, -2048144789)
    return Math.imul((words[2 * code] as number) ^ high, -1640531527)
  }
}

function hashQuad(words: Int32Array, at: number): number {
  let hash = 0
  for (let lane = 0; lane < 4; lane++)
    hash = Math.imul(hash ^ (words[at + lane] as number), -1640531527)
  return hash
}

const sameQuad = (a: Int32Array, i: number, b: Int32Array, k: number): boolean =>
  a[i] === b[k] && a[i + 1] === b[k + 1] && a[i + 2] === b[k + 2] && a[i + 3] === b[k + 3]
