/**
 * Rows kept in memory: growable columns with text in pools of their own. Rows come in through an
 * `Intake` (one for each stream of batches), behind the rows that are there or over them, and go out
 * as batches. A row keeps its number.
 */
import { type Batch, columnOf, dense } from '../../data/batch.ts'
import {
  bytesPerRow,
  type Column,
  isText,
  lanes,
  newValues,
  type Values,
} from '../../data/column.ts'
import type { Kind } from '../../data/kind.ts'
import type { Pool } from '../../data/pool.ts'
import type { AnySchema } from '../../data/schema.ts'
import { copyBytes, type Gather, gatherOf } from '../exchange/gather.ts'
import { type Scatter, scatterBytes, scatterOf } from './scatter.ts'
import { identity, TextMap, TextStore } from './text-store.ts'

const FIRST_ROWS = 256

/** A column of a store: as a `Column`, with room to grow. */
export class StoreColumn {
  readonly kind: Kind
  values: Values
  valid: Uint8Array | null
  text: TextStore | null
  readonly gather: Gather
  readonly scatter: Scatter
  readonly #adopts: boolean

  constructor(kind: Kind, capacity: number, adopts: boolean) {
    this.kind = kind
    this.#adopts = adopts
    this.values = newValues(kind, capacity)
    this.valid = kind.optional ? new Uint8Array(capacity) : null
    this.text = isText(kind) ? new TextStore(adopts) : null
    this.gather = gatherOf(kind)
    this.scatter = scatterOf(kind)
  }

  get pool(): Pool | null {
    return this.text === null ? null : this.text.pool
  }

  /** Forgets its text. */
  renew(): void {
    if (this.text !== null) this.text = new TextStore(this.#adopts)
  }

  grow(rows: number, capacity: number): void {
    const values = newValues(this.kind, capacity)
    ;(values as Int32Array).set(this.values.subarray(0, rows * lanes(this.kind)) as Int32Array)
    this.values = values
    if (this.valid === null) return
    const valid = new Uint8Array(capacity)
    valid.set(this.valid.subarray(0, rows))
    this.valid = valid
  }
}

export class RowStore {
  readonly schema: AnySchema
  readonly columns: readonly StoreColumn[]
  rows = 0
  #capacity: number
  readonly #rowBytes: number
  readonly #out: (Column | null)[]

  /**
   * `adopts`: columns that may keep the codes of a dictionary that threads share. Where rows are
   * written, `rows` must then be told first.
   */
  constructor(
    schema: AnySchema,
    capacity = FIRST_ROWS,
    adopts: (column: number) => boolean = () => false,
  ) {
    this.schema = schema
    this.#capacity = capacity
    this.columns = schema.list.map((f, j) => new StoreColumn(f.kind, capacity, adopts(j)))
    this.#rowBytes = schema.list.reduce(
      (n, f) => n + bytesPerRow(f.kind) + (f.kind.optional ? 1 : 0),
      0,
    )
    this.#out = schema.list.map(() => null)
  }

  /** Bytes held, JS strings left out. */
  get heldBytes(): number {
    let bytes = this.#capacity * this.#rowBytes
    for (const { pool } of this.columns) if (pool !== null) bytes += pool.heldBytes
    return bytes
  }

  intake(): Intake {
    return new Intake(this)
  }

  /** Makes room for rows up to `rows`. */
  reserve(rows: number): void {
    if (rows <= this.#capacity) return
    this.#capacity = Math.max(rows, this.#capacity * 2)
    for (const column of this.columns) column.grow(this.rows, this.#capacity)
  }

  /** Makes room for so many rows at once, unless their columns would take more than `bytesMax`. */
  expect(rows: number, bytesMax: number): void {
    if (rows * this.#rowBytes > bytesMax || rows <= this.#capacity) return
    this.#capacity = rows
    for (const column of this.columns) column.grow(this.rows, rows)
  }

  /** Forgets all rows. Batches given out are void. */
  clear(): void {
    this.rows = 0
    for (const { text } of this.columns) text?.reset()
  }

  /** Forgets all rows, their text and the intakes; only the room for rows stays. */
  renew(): void {
    this.rows = 0
    for (const column of this.columns) column.renew()
  }

  /** Drops text that no row uses any more: rows were written over. */
  compact(): void {
    for (const { text, values, valid } of this.columns)
      text?.compact(values as Int32Array, valid, this.rows)
  }

  /** Rows from … to: views, valid until the store changes. */
  slice(from: number, to: number): Batch {
    const columns = this.columns.map(({ kind, values, valid, pool }): Column => {
      const width = lanes(kind)
      return {
        kind,
        values: values.subarray(from * width, to * width),
        valid: valid === null ? null : valid.subarray(from, to),
        pool,
      }
    })
    return dense(this.schema, columns, to - from)
  }

  /** The rows ids[from] … ids[to - 1] in that order: copies, valid until the next call. */
  gather(ids: Int32Array, from: number, to: number): Batch {
    const rows = to - from
    const columns = this.columns.map((column, j) => {
      const known = this.#out[j]
      const out =
        known && known.values.length >= rows * lanes(column.kind) ? known : spare(column.kind, rows)
      this.#out[j] = out
      column.gather(column.values, out.values, 0, { rows: ids, from, to })
      if (column.valid !== null) copyBytes(column.valid, out.valid as Uint8Array, 0, ids, from, to)
      out.pool = column.pool
      return out
    })
    return dense(this.schema, columns, rows)
  }
}

function spare(kind: Kind, rows: number): Column {
  const valid = kind.optional ? new Uint8Array(rows) : null
  return { kind, values: newValues(kind, rows), valid, pool: null }
}

/** Takes the rows of one stream of batches into a store. */
export class Intake {
  readonly store: RowStore
  /** By column: how the codes of the batch at hand read in the store; null where it is no text. */
  readonly maps: readonly (TextMap | null)[]
  #columns: Column[] = []
  #from = new Int32Array(0)

  constructor(store: RowStore) {
    this.store = store
    this.maps = store.columns.map(c => (c.text ? new TextMap() : null))
  }

  /** Starts a batch: its columns `at`, in the store's order; all of them where none are named. */
  begin(batch: Batch, at?: readonly number[]): void {
    const { columns } = this.store
    this.#columns = columns.map((column, j) => {
      const from = columnOf(batch, at === undefined ? j : (at[j] as number))
      const { text, values, valid } = column
      if (text === null) return from
      text.settle()
      text.meet(from.pool as Pool, values as Int32Array, valid, this.store.rows)
      if (text.pool !== from.pool) this.maps[j]?.begin(from.pool as Pool)
      return from
    })
    if (this.#from.length < batch.rows) this.#from = new Int32Array(batch.rows)
  }

  /** The codes of column j's map, up to date. */
  map(j: number): Int32Array | null {
    const map = this.maps[j]
    const text = this.store.columns[j]?.text
    if (!map || !text) return null
    return this.#sameCodes(j) ? identity(text.pool.count) : map.current(text.generation)
  }

  /** Whether the batch's codes are the store's. */
  #sameCodes(j: number): boolean {
    const pool = (this.store.columns[j] as StoreColumn).pool
    return pool !== null && pool === this.#columns[j]?.pool
  }

  /** Adds the first `count` rows of `rows`, or all from 0, of the batch begun. Answers the first's number. */
  append(rows: Int32Array | null, count: number): number {
    const { store } = this
    const at = store.rows
    store.reserve(at + count)
    store.columns.forEach((into, j) => {
      const from = this.#columns[j] as Column
      if (into.text && !this.#sameCodes(j)) {
        const codes = into.values as Int32Array
        const map = this.map(j) as Int32Array
        appendCodes(from, rows, count, codes.subarray(at, at + count), map, into.text)
      } else into.gather(from.values, into.values, at, { rows, from: 0, to: count })
      if (into.valid === null) return
      if (from.valid === null) into.valid.fill(1, at, at + count)
      else if (rows === null) into.valid.set(from.valid.subarray(0, count), at)
      else copyBytes(from.valid, into.valid, at, rows, 0, count)
    })
    store.rows = at + count
    return at
  }

  /** Adds the batch's selected rows. */
  appendAll({ selection, selected }: Batch): number {
    return this.append(selection, selected)
  }

  /** Writes one value: that of row `from` of the batch begun to row `to`, in column j. */
  put(j: number, from: number, to: number): void {
    const into = this.store.columns[j] as StoreColumn
    const { values, valid, pool } = this.#columns[j] as Column
    const there = valid === null || valid[from] !== 0
    if (into.valid !== null) into.valid[to] = there ? 1 : 0
    if (into.text === null) {
      const width = lanes(into.kind)
      for (let w = 0; w < width; w++)
        into.values[to * width + w] = values[from * width + w] as number
      return
    }
    const map = this.map(j) as Int32Array
    const code = values[from] as number
    if (there && (map[code] as number) < 0) map[code] = into.text.add(pool as Pool, code)
    into.values[to] = there ? (map[code] as number) : 0
  }

  /** Writes row from[k] of the batch begun over row to[k], in the first `columns` columns. */
  write(
    from: Int32Array,
    to: Int32Array,
    count: number,
    columns = this.store.columns.length,
  ): void {
    for (let j = 0; j < columns; j++) {
      const into = this.store.columns[j] as StoreColumn
      const source = this.#columns[j] as Column
      if (into.text && !this.#sameCodes(j)) {
        const map = this.map(j) as Int32Array
        writeCodes(source, from, to, count, into.values as Int32Array, map, into.text)
      } else into.scatter(source.values, into.values, from, to, count)
      if (into.valid === null) continue
      if (source.valid === null) setAll(into.valid, to, count)
      else scatterBytes(source.valid, into.valid, from, to, count)
    }
  }
}

function setAll(valid: Uint8Array, to: Int32Array, count: number): void {
  for (let k = 0; k < count; k++) valid[to[k] as number] = 1
}

function appendCodes(
  { values, valid, pool }: Column,
  rows: Int32Array | null,
  count: number,
  out: Int32Array,
  map: Int32Array,
  text: TextStore,
): void {
  const codes = values as Int32Array
  for (let k = 0; k < count; k++) {
    const i = rows === null ? k : (rows[k] as number)
    if (valid !== null && valid[i] === 0) {
      out[k] = 0
      continue
    }
    const code = codes[i] as number
    let own = map[code] as number
    if (own < 0) map[code] = own = text.add(pool as Pool, code)
    out[k] = own
  }
}

function writeCodes(
  { values, valid, pool }: Column,
  from: Int32Array,
  to: Int32Array,
  count: number,
  out: Int32Array,
  map: Int32Array,
  text: TextStore,
): void {
  const codes = values as Int32Array
  for (let k = 0; k < count; k++) {
    const i = from[k] as number
    if (valid !== null && valid[i] === 0) {
      out[to[k] as number] = 0
      continue
    }
    const code = codes[i] as number
    let own = map[code] as number
    if (own < 0) map[code] = own = text.add(pool as Pool, code)
    out[to[k] as number] = own
  }
}
