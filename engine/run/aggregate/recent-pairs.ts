/**
 * The (group, value) pairs met lately, so that rows which repeat one need not be looked up in a table
 * of hundreds of thousands. A direct-mapped cache: a pair that it has was surely met, one that it has
 * not may have been. Values are what the column stores; those of a dictionary are its codes.
 */
import type { Batch } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import type { Pool } from '../../data/pool.ts'

/** 128 to 192 KB: fits a core's cache beside the batch. */
const BITS = 14

export class RecentPairs {
  readonly #groups = new Int32Array(1 << BITS).fill(-1)
  readonly #words = new Int32Array(1 << BITS)
  readonly #numbers = new Float64Array(1 << BITS)
  #pool: Pool | null = null
  #selection = new Int32Array(0)

  /** The batch without rows that repeat a recent pair, and without those whose value is null. */
  without(batch: Batch, column: Column, groups: Int32Array): Batch {
    const { values, pool, valid } = column
    // Rows of a pool that is no dictionary hardly repeat a code.
    const plain = pool !== null && !pool.unique
    if (plain && valid === null) return batch
    if (this.#selection.length < batch.selected) this.#selection = new Int32Array(batch.selected)
    if (pool !== this.#pool && !plain) {
      this.clear()
      this.#pool = pool
    }
    const selection = this.#selection
    const rows = { batch, valid, groups, recent: this.#groups, selection }
    let selected = 0
    if (plain) selected = present(rows)
    else if (values instanceof Int32Array) selected = freshWords(values, this.#words, rows)
    else if (values instanceof Float64Array) selected = freshNumbers(values, this.#numbers, rows)
    else selected = present(rows)
    return selected === batch.selected ? batch : { ...batch, selection, selected }
  }

  /** Forgets all pairs. */
  clear(): void {
    this.#groups.fill(-1)
  }
}

interface Rows {
  readonly batch: Batch
  readonly valid: Uint8Array | null
  /** By row. */
  readonly groups: Int32Array
  /** The recent pairs' groups, by slot. */
  readonly recent: Int32Array
  /** Filled with the rows that are left. */
  readonly selection: Int32Array
}

const slotOf = (group: number, value: number): number =>
  (Math.imul(value, -1640531527) + Math.imul(group, -2048144789)) >>> (32 - BITS)

function freshWords(
  values: Int32Array,
  known: Int32Array,
  { batch, valid, groups, recent, selection }: Rows,
): number {
  let n = 0
  for (let k = 0; k < batch.selected; k++) {
    const i = batch.selection === null ? k : (batch.selection[k] as number)
    if (valid !== null && valid[i] === 0) continue
    const g = groups[i] as number
    const v = values[i] as number
    const slot = slotOf(g, v)
    if (recent[slot] === g && known[slot] === v) continue
    recent[slot] = g
    known[slot] = v
    selection[n++] = i
  }
  return n
}

/** As `freshWords`; NaN differs from itself, so it is left to the table. */
function freshNumbers(
  values: Float64Array,
  known: Float64Array,
  { batch, valid, groups, recent, selection }: Rows,
): number {
  let n = 0
  for (let k = 0; k < batch.selected; k++) {
    const i = batch.selection === null ? k : (batch.selection[k] as number)
    if (valid !== null && valid[i] === 0) continue
    const g = groups[i] as number
    const v = values[i] as number
    const slot = slotOf(g, v)
    if (recent[slot] === g && known[slot] === v) continue
    recent[slot] = g
    known[slot] = v
    selection[n++] = i
  }
  return n
}

function present({ batch, valid, selection }: Rows): number {
  let n = 0
  for (let k = 0; k < batch.selected; k++) {
    const i = batch.selection === null ? k : (batch.selection[k] as number)
    if (valid === null || valid[i] !== 0) selection[n++] = i
  }
  return n
}
