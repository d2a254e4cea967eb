/** Makes the batches of joined rows from pairs of a left row and a row of the table. */
import { type Batch, columnOf, dense } from '../../data/batch.ts'
import { type Column, isText, lanes, newValues } from '../../data/column.ts'
import type { Kind } from '../../data/kind.ts'
import { Pool } from '../../data/pool.ts'
import { copyBytes, type Gather, gatherOf } from '../exchange/gather.ts'
import type { JoinShape, Source } from './join-shape.ts'
import type { JoinTable } from './join-table.ts'
import type { StoreColumn } from './row-store.ts'
import { type Scatter, scatterBytes, scatterOf } from './scatter.ts'

/** The first `count` of both lists; right: -1 (or null for all) where a left row has no match. */
export interface Pairs {
  readonly left: Int32Array
  readonly right: Int32Array | null
  readonly count: number
  /** True where none of `right` is -1. */
  readonly all?: boolean
}

/** Right rows that are there, and where they go; the first `count` of both. */
interface Matched {
  readonly from: Int32Array
  readonly to: Int32Array
  readonly count: number
}

export class JoinOutput {
  readonly #shape: JoinShape
  readonly #table: JoinTable
  readonly #columns: readonly OutColumn[]
  /** Right rows that are there, and where they go. */
  #from = new Int32Array(0)
  #to = new Int32Array(0)

  constructor(shape: JoinShape, table: JoinTable) {
    this.#shape = shape
    this.#table = table
    this.#columns = shape.output.list.map(f => new OutColumn(f.kind))
  }

  /** Each left row at most once: its columns stay as they are, the right side's are laid beside them. */
  over(batch: Batch, { left, right, count, all = false }: Pairs): Batch {
    const { output, sources } = this.#shape
    const matched =
      right === null || all
        ? { from: right ?? left, to: left, count: right === null ? 0 : count }
        : this.#matched(right, left, count)
    const columns = this.#columns.map((out, j): Column | null => {
      const source = sources[j] as Source
      if (source.left < 0) return this.#right(out, source, { rows: batch.rows, matched })
      const column = batch.columns[source.left]
      return column ? { ...column, kind: out.kind } : null
    })
    const widen = (j: number) => {
      const { left: at } = sources[j] as Source
      columns[j] = { ...columnOf(batch, at), kind: (this.#columns[j] as OutColumn).kind }
    }
    const whole = count === batch.rows
    return {
      ...batch,
      schema: output,
      columns,
      selection: whole ? null : left,
      selected: count,
      widen: batch.widen ? widen : null,
    }
  }

  /** Any pairs, as a dense batch. */
  copies(batch: Batch, { left, right, count }: Pairs): Batch {
    const { output, sources } = this.#shape
    const matched = this.#matched(right as Int32Array, null, count)
    const columns = this.#columns.map((out, j): Column => {
      const source = sources[j] as Source
      if (source.left < 0) return this.#right(out, source, { rows: count, matched })
      return out.gathered(columnOf(batch, source.left), left, count)
    })
    return dense(output, columns, count)
  }

  /** Rows of the table without a left side. */
  rightOnly(right: Int32Array, count: number): Batch {
    const { output, sources } = this.#shape
    const columns = this.#columns.map((out, j): Column => {
      const source = sources[j] as Source
      if (source.right < 0) return out.empty(count, out.noText)
      return out.gathered(this.#stored(source), right, count)
    })
    return dense(output, columns, count)
  }

  #right(out: OutColumn, source: Source, o: { rows: number; matched: Matched }): Column {
    const { from, to, count } = o.matched
    const stored = this.#stored(source)
    const column = out.empty(o.rows, stored.pool)
    out.scatter(stored.values, column.values, from, to, count)
    if (column.valid === null) return column
    if (stored.valid !== null) scatterBytes(stored.valid, column.valid, from, to, count)
    else for (let k = 0; k < count; k++) column.valid[to[k] as number] = 1
    return column
  }

  #stored({ right }: Source): StoreColumn {
    return this.#table.rows.columns[right] as StoreColumn
  }

  /** Lists the right rows that are there, and their places: at[k], or k. */
  #matched(right: Int32Array, at: Int32Array | null, count: number): Matched {
    if (this.#from.length < count) {
      this.#from = new Int32Array(count)
      this.#to = new Int32Array(count)
    }
    let matched = 0
    for (let k = 0; k < count; k++) {
      if ((right[k] as number) < 0) continue
      this.#from[matched] = right[k] as number
      this.#to[matched++] = at === null ? k : (at[k] as number)
    }
    return { from: this.#from, to: this.#to, count: matched }
  }
}

/** A column of output batches, whose memory is used again for each. */
class OutColumn {
  readonly kind: Kind
  readonly scatter: Scatter
  /** What the codes of a text column without values point into. */
  readonly noText: Pool | null
  readonly #gather: Gather
  readonly #column: Column
  readonly #width: number

  constructor(kind: Kind) {
    this.kind = kind
    this.scatter = scatterOf(kind)
    this.#gather = gatherOf(kind)
    this.#width = lanes(kind)
    this.noText = isText(kind) ? new Pool(true, 1) : null
    this.#column = { kind, values: newValues(kind, 0), valid: null, pool: null }
  }

  /** Rows without values. */
  empty(rows: number, pool: Column['pool']): Column {
    const column = this.#sized(rows, pool)
    if (column.values instanceof BigInt64Array) column.values.fill(0n, 0, rows * this.#width)
    else column.values.fill(0, 0, rows)
    column.valid?.fill(0, 0, rows)
    return column
  }

  gathered(
    from: Pick<Column, 'values' | 'valid' | 'pool'>,
    rows: Int32Array,
    count: number,
  ): Column {
    const column = this.#sized(count, from.pool)
    this.#gather(from.values, column.values, 0, { rows, from: 0, to: count })
    if (column.valid === null) return column
    if (from.valid === null) column.valid.fill(1, 0, count)
    else copyBytes(from.valid, column.valid, 0, rows, 0, count)
    return column
  }

  #sized(rows: number, pool: Column['pool']): Column {
    const column = this.#column
    if (column.values.length < rows * this.#width) {
      column.values = newValues(this.kind, rows)
      column.valid = this.kind.optional ? new Uint8Array(rows) : null
    }
    column.pool = pool
    return column
  }
}
