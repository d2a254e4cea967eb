/**
 * A text column of a block that is being built. Its codes point into one of:
 *
 * - the batches' own dictionary, while all batches of the block have the same one: rows cost a
 *   copied code each, and entries are numbered anew when the block is finished, or, of a dictionary
 *   that all threads share, only where it leaves memory (`standalone.ts`);
 * - a dictionary of this column, where batches have different ones: each entry that a batch uses is
 *   looked up once a batch, not once a row;
 * - a plain pool of this column, where the block's first batch has no dictionary (`Adopter` gives
 *   one to those that deserve it): looking entries up would cost more than it saves.
 *
 * The first two give the same block, byte for byte, once it is standalone.
 */
import type { Column } from '../../data/column.ts'
import type { Kind } from '../../data/kind.ts'
import { Pool } from '../../data/pool.ts'
import type { Entries } from './block.ts'
import { FixedColumn } from './fixed-column.ts'
import type { Rows } from './gather.ts'
import { renumbered } from './renumber.ts'
import type { Scratch } from './scratch.ts'

const OWN_BYTES_KEPT = 1 << 20

export class TextColumn extends FixedColumn {
  /** What the codes point into; null while the block is empty. */
  pool: Pool | null = null
  readonly #scratch: Scratch
  readonly #index: number
  #dictionary: Pool | null = null
  #plain: Pool | null = null

  constructor(kind: Kind, rowsMax: number, index: number, scratch: Scratch) {
    super(kind, rowsMax)
    this.#index = index
    this.#scratch = scratch
  }

  override get heldBytes(): number {
    return super.heldBytes + (this.#dictionary?.heldBytes ?? 0) + (this.#plain?.heldBytes ?? 0)
  }

  override append(column: Column, chosen: Rows, at: number): void {
    super.append(column, chosen, at)
    const pool = column.pool as Pool
    if (this.pool === null) this.pool = pool.unique ? pool : (this.#plain ??= new Pool(false))
    if (this.pool === pool) return
    if (this.pool !== this.#dictionary && this.pool !== this.#plain) this.#adopt(at)
    this.#copy(pool, at, at + chosen.to - chosen.from)
  }

  override clear(): void {
    super.clear()
    this.#dictionary = emptied(this.#dictionary)
    this.#plain = emptied(this.#plain)
    this.pool = null
  }

  /** Bytes of the text of rows `from` … `to`, each row counted. */
  textBytes(from: number, to: number): number {
    if (this.pool === null) return 0
    return sumLengths(this.values as Int32Array, this.valid, from, to, this.pool.offsets)
  }

  protected override entries(rows: number): Entries {
    const pool = this.pool as Pool
    if (pool === this.#dictionary || pool === this.#plain)
      return { pool, used: null, count: pool.count }
    if (pool.dictionary >= 0) return { pool, used: null, count: pool.dictionary + 1 }
    return renumbered(this.values as Int32Array, this.valid, rows, {
      pool,
      scratch: this.#scratch,
      column: this.#index,
    })
  }

  /** Moves the rows that are there from the batches' dictionary to the column's own. */
  #adopt(rows: number): void {
    const from = this.pool as Pool
    this.pool = this.#dictionary ??= new Pool(true)
    this.#copy(from, 0, rows)
  }

  /** Turns the codes of rows `from` … `to` from those of `source` into those of the own pool. */
  #copy(source: Pool, from: number, to: number): void {
    const own = this.pool as Pool
    const codes = this.values as Int32Array
    if (!own.unique) {
      appendEach(codes, this.valid, from, to, source, own)
      return
    }
    const scratch = this.#scratch
    scratch.begin(source.count)
    internEach(codes, this.valid, from, to, source, own, scratch.map, scratch.base)
    scratch.end(own.count)
  }
}

function emptied(pool: Pool | null): Pool | null {
  if (pool === null || pool.heldBytes > OWN_BYTES_KEPT) return null
  if (pool.count > 0) pool.clear()
  return pool
}

function internEach(
  codes: Int32Array,
  valid: Uint8Array | null,
  from: number,
  to: number,
  source: Pool,
  own: Pool,
  map: Int32Array,
  base: number,
): void {
  const { bytes, offsets } = source
  for (let k = from; k < to; k++) {
    if (valid !== null && valid[k] === 0) {
      codes[k] = 0
      continue
    }
    const code = codes[k] as number
    let number = map[code] as number
    if (number < base) {
      const [start, end] = [offsets[code] as number, offsets[code + 1] as number]
      number = base + own.internHashed(bytes, start, end, source.hashOf(code))
      map[code] = number
    }
    codes[k] = number - base
  }
}

function appendEach(
  codes: Int32Array,
  valid: Uint8Array | null,
  from: number,
  to: number,
  source: Pool,
  own: Pool,
): void {
  const { bytes, offsets } = source
  for (let k = from; k < to; k++) {
    if (valid !== null && valid[k] === 0) codes[k] = 0
    else {
      const code = codes[k] as number
      codes[k] = own.append(bytes, offsets[code] as number, offsets[code + 1] as number)
    }
  }
}

function sumLengths(
  codes: Int32Array,
  valid: Uint8Array | null,
  from: number,
  to: number,
  offsets: Int32Array,
): number {
  let sum = 0
  for (let k = from; k < to; k++) {
    if (valid !== null && valid[k] === 0) continue
    const code = codes[k] as number
    sum += (offsets[code + 1] as number) - (offsets[code] as number)
  }
  return sum
}
