/**
 * A utf8 column of a reader. Its dictionary is kept from split to split and only grows; a column with
 * too many distinct values goes on without one for the rest of its split, as decided by the split's
 * first rows. A dictionary that grew too large is left to whoever holds it, and a new one begun.
 */
import type { Column } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { Pool } from '../../../engine/data/pool.ts'
import { appended, interned, Recent } from './decode/text.ts'
import type { Fields } from './fields.ts'
import { TextKernel } from './text-kernel.ts'
import type { Workspace } from './workspace.ts'

const ENTRIES_MAX = 1 << 20
const POOL_BYTES_MAX = 64 << 20
/** A larger dictionary is not kept for the next split: what fits no cache costs more than it spares. */
const KEPT_MAX = 1 << 14
/** Rows of a split by which its columns are judged. */
const JUDGED = 16_384
const MANY = 64

export class TextColumn {
  readonly column: Column
  #dictionary: Pool
  readonly #plain: Pool
  readonly #space: Workspace
  /** Null where the memory is none for it. */
  readonly #kernel: TextKernel | null
  /** For what no kernel sees; made when it is first needed. */
  #recent: Recent | null = null
  readonly #recentSlots: number
  /** By code: the last split that had it. */
  #seen = new Int32Array(0)
  #split = 0
  #rows = 0
  #distinct = 0
  #many = false
  readonly #allowed: number

  /** `columns`: of the schema; where there are many, each holds less. */
  constructor(space: Workspace, kind: Kind, columns: number) {
    this.#dictionary = new Pool(true, columns > MANY ? 16 : 256)
    this.#plain = new Pool(false, 16)
    this.#recentSlots = columns > MANY ? 256 : 16_384
    this.#space = space
    this.#kernel = TextKernel.over(space)
    for (const value of kind.values ?? []) this.#dictionary.internString(value)
    this.#allowed = kind.values === null ? 0 : this.#dictionary.count
    this.column = { ...space.column(kind), pool: this.#dictionary }
  }

  startSplit(): void {
    if (this.#dictionary.count > KEPT_MAX) this.#begin()
    this.#split++
    this.#rows = 0
    this.#distinct = 0
    this.#many = false
  }

  decode(f: Fields, k: number): void {
    const { column } = this
    if (this.#many) {
      column.pool = this.#plain
      this.#plain.clear()
      appended(f, k, column)
      return
    }
    this.#renew()
    column.pool = this.#dictionary
    this.#intern(f, k)
    if (this.#allowed > 0) this.#check(f)
    else if (this.#rows < JUDGED) this.#judge(f.rows)
  }

  /** A long record makes the window move, out of the kernel's sight. */
  #intern(f: Fields, k: number): void {
    const seen = f.bytes === this.#space.window
    if (seen && this.#kernel) this.#kernel.intern(f, k, this.column)
    else {
      this.#recent ??= new Recent(this.#recentSlots)
      interned(f, k, this.column, this.#recent)
    }
  }

  #renew(): void {
    const { count, size } = this.#dictionary
    if (count >= ENTRIES_MAX || size >= POOL_BYTES_MAX) this.#begin()
  }

  #begin(): void {
    this.#dictionary = new Pool(true)
    this.#seen.fill(0)
    for (const value of this.column.kind.values ?? []) this.#dictionary.internString(value)
  }

  /** Only this split's rows count, so that the answer does not depend on what the worker read before. */
  #judge(rows: number): void {
    const codes = this.column.values as Int32Array
    const { count } = this.#dictionary
    if (this.#seen.length < count) {
      const grown = new Int32Array(count * 2)
      grown.set(this.#seen)
      this.#seen = grown
    }
    for (let row = 0; row < rows; row++) {
      const code = codes[row] as number
      if (this.#seen[code] === this.#split) continue
      this.#seen[code] = this.#split
      this.#distinct++
    }
    this.#rows += rows
    this.#many = this.#rows >= JUDGED && this.#distinct * 2 > this.#rows
  }

  /** A `oneOf`: its values are the first codes. */
  #check(f: Fields): void {
    const codes = this.column.values as Int32Array
    const { valid } = this.column
    for (let row = 0; row < f.rows; row++)
      if ((codes[row] as number) >= this.#allowed && (valid === null || valid[row] === 1))
        f.refuse(row, '')
  }
}
