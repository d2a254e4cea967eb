/**
 * A column chunk being written: the part that all kinds share. Rows come in, nulls become definition
 * levels, values are gathered densely into a page; full pages are encoded by the subclass. Where a
 * page ends follows from the rows alone, never from how they were cut into batches.
 */
import type { Column } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { Bytes } from './bytes.ts'
import type { PageMeta, Statistics } from './format.ts'
import { ChunkPages, writeLevels } from './page-write.ts'

export type Bounds = Omit<Statistics, 'nullCount'>

export interface FinishedChunk {
  readonly pages: ChunkPages
  readonly dictionary: Buffer | null
  readonly values: number
  readonly statistics: Statistics
  /** `at`: from the start of `pages.data`. */
  readonly marks: readonly PageMeta[]
}

/** Encoded pages are built here and compressed at once; one a thread is enough. */
export const body = new Bytes(1 << 16)
let picked = new Int32Array(1024)

/** How deep a leaf lies: its greatest definition and repetition level. */
export interface Depth {
  readonly defined: number
  readonly repeated: number
}

/** A leaf's part of some records: its levels, and its values that are not null, one after the other. */
export interface Records {
  readonly column: Column
  readonly defined: Uint8Array
  readonly repeated: Uint8Array
  /** Where each record's levels and values begin; one more than there are records. */
  readonly slotAt: Int32Array
  readonly valueAt: Int32Array
}

/** A page of a column that repeats has so many levels for each of its rows at most, or a little more. */
const SLOTS_PER_ROW = 4

export abstract class ChunkWriter {
  readonly kind: Kind
  readonly pages = new ChunkPages()
  /** What is given at once stays in one page: a record does. */
  readonly whole: boolean
  readonly #rowsPerPage: number
  readonly #depth: Depth
  #repeated = new Uint8Array(0)
  /** Levels of the page beyond one a row, and of the chunk's pages before. */
  #extra = 0
  #extraBefore = 0
  /** Of the page being filled: its rows, how many are null, and which. */
  rows = 0
  nulls = 0
  levels = new Uint8Array(0)
  #rowsBefore = 0
  #nullCount = 0
  #marks: PageMeta[] = []

  constructor(kind: Kind, rowsPerPage: number, depth: Depth | null = null) {
    this.kind = kind
    this.#rowsPerPage = rowsPerPage
    this.#depth = depth ?? { defined: kind.optional ? 1 : 0, repeated: 0 }
    this.whole = depth !== null
  }

  /** Levels of the page being filled: one a row, more where rows repeat. */
  get slots(): number {
    return this.rows + this.#extra
  }

  /** Rows [from, to) of the selection, or of the column where there is none. */
  append(column: Column, selection: Int32Array | null, from: number, to: number): void {
    let at = from
    while (at < to) {
      const until = Math.min(to, at + this.#rowsPerPage - this.rows)
      const reached = this.kind.optional
        ? this.#appendOptional(column, selection, at, until)
        : this.gather(column, selection, at, until)
      this.rows += reached - at
      at = reached
      if (reached < until || this.rows === this.#rowsPerPage || this.full) this.#endPage(false)
    }
  }

  /** Records [from, to) of a nested column's leaf. A page ends between records. */
  appendRecords(records: Records, from: number, to: number): void {
    const { column, slotAt, valueAt } = records
    for (let r = from; r < to; r++) {
      const [start, end] = [slotAt[r] as number, slotAt[r + 1] as number]
      const [first, last] = [valueAt[r] as number, valueAt[r + 1] as number]
      this.#addLevels(records, start, end)
      if (last > first) this.gather(column, null, first, last)
      this.rows++
      this.#extra += end - start - 1
      this.nulls += end - start - (last - first)
      const many = this.slots >= this.#rowsPerPage * SLOTS_PER_ROW
      if (this.rows === this.#rowsPerPage || this.full || many) this.#endPage(false)
    }
  }

  #addLevels({ defined, repeated }: Records, start: number, end: number): void {
    const at = this.slots
    this.#roomForLevels(at + end - start)
    for (let i = start, o = at; i < end; i++, o++) {
      this.levels[o] = defined[i] as number
      this.#repeated[o] = repeated[i] as number
    }
  }

  #roomForLevels(count: number): void {
    if (this.levels.length < count) this.levels = grown(this.levels, count)
    if (this.whole && this.#repeated.length < count) this.#repeated = grown(this.#repeated, count)
  }

  #appendOptional(column: Column, selection: Int32Array | null, from: number, to: number): number {
    const { valid } = column
    const at = this.rows
    this.#roomForLevels(at + to - from)
    if (valid === null) {
      const reached = this.gather(column, selection, from, to)
      this.levels.fill(1, at, at + reached - from)
      return reached
    }
    if (picked.length < to - from) picked = new Int32Array(to - from)
    const count = selection
      ? pickSelected(valid, selection, from, to, this.levels, at)
      : pick(valid, from, to, this.levels, at)
    const reached = count === 0 ? 0 : this.gather(column, picked, 0, count)
    if (reached === count) {
      this.nulls += to - from - count
      return to
    }
    let row = at
    for (let seen = 0; seen < reached; row++) seen += this.levels[row] as number
    this.nulls += row - at - reached
    return from + row - at
  }

  /** Begins a chunk anew; arrays are kept. */
  reset(): void {
    this.pages.clear()
    this.rows = 0
    this.nulls = 0
    this.#extra = 0
    this.#extraBefore = 0
    this.#rowsBefore = 0
    this.#nullCount = 0
    this.#marks = []
    this.clear()
  }

  #endPage(last: boolean): void {
    body.clear()
    const { defined, repeated } = this.#depth
    if (repeated > 0) writeLevels(body, this.#repeated, this.slots, { max: repeated, all: false })
    if (defined > 0)
      writeLevels(body, this.levels, this.slots, { max: defined, all: this.nulls === 0 })
    const at = this.pages.data.size
    this.encode(last)
    this.#mark(at)
    this.#rowsBefore += this.rows
    this.#nullCount += this.nulls
    this.#extraBefore += this.#extra
    this.rows = 0
    this.nulls = 0
    this.#extra = 0
  }

  #mark(at: number): void {
    const bytes = this.pages.data.size - at
    const statistics = statisticsOf(this.nulls, this.endBounds())
    this.#marks.push({ at, bytes, firstRow: this.#rowsBefore, rows: this.rows, statistics })
  }

  finish(): FinishedChunk {
    if (this.rows > 0 || this.#rowsBefore === 0) this.#endPage(true)
    const dictionary = this.dictionary()
    const statistics = statisticsOf(this.#nullCount, this.bounds())
    const marks = this.#marks
    const values = this.#rowsBefore + this.#extraBefore
    return { pages: this.pages, dictionary, values, statistics, marks }
  }

  /** True where the page must end before it has all its rows. */
  abstract readonly full: boolean
  abstract readonly heldBytes: number
  /** Takes values, none of them null; answers how far it came before the page was full. */
  abstract gather(column: Column, rows: Int32Array | null, from: number, to: number): number
  /** Adds what was gathered to `body`, and `body` as a page; `last`: no page follows. */
  abstract encode(last: boolean): void
  abstract dictionary(): Buffer | null
  /** Of the page that was encoded last; those of the next begin anew. */
  abstract endBounds(): Bounds | null
  abstract bounds(): Bounds | null
  /** Forgets all values. */
  abstract clear(): void
}

function grown(bytes: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(bytes.length * 2, needed))
  larger.set(bytes)
  return larger
}

function statisticsOf(nullCount: number, bounds: Bounds | null): Statistics {
  return {
    nullCount,
    min: bounds?.min ? own(bounds.min) : null,
    max: bounds?.max ? own(bounds.max) : null,
    minExact: bounds?.minExact ?? true,
    maxExact: bounds?.maxExact ?? true,
  }
}

/**
 * A copy in memory of its own. Statistics outlive their file and cross threads: a small Buffer is a view
 * of a shared slab of 64 KB, which it would keep, and which is copied with it.
 */
const own = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

/** The rows that have a value, into `picked`; one level a row. */
function pick(valid: Uint8Array, from: number, to: number, levels: Uint8Array, at: number): number {
  let n = 0
  for (let i = from, row = at; i < to; i++, row++) {
    const v = valid[i] as number
    levels[row] = v
    picked[n] = i
    n += v
  }
  return n
}

function pickSelected(
  valid: Uint8Array,
  selection: Int32Array,
  from: number,
  to: number,
  levels: Uint8Array,
  at: number,
): number {
  let n = 0
  for (let k = from, row = at; k < to; k++, row++) {
    const i = selection[k] as number
    const v = valid[i] as number
    levels[row] = v
    picked[n] = i
    n += v
  }
  return n
}
