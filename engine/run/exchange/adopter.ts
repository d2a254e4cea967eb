/**
 * Gives batches whose text has no dictionary (blocks of an earlier exchange, each with its own
 * entries) one dictionary that lasts across batches. Each entry is looked up once a batch; without
 * this each builder looks it up for itself, once a batch and partition, which took three times as
 * long.
 */
import { type Batch, columnOf, withColumns } from '../../data/batch.ts'
import { type Column, isText } from '../../data/column.ts'
import { Pool } from '../../data/pool.ts'
import type { AnySchema } from '../../data/schema.ts'

/** Past this many entries or bytes a dictionary starts afresh: builders cope, see `TextColumn`. */
const ENTRIES_MAX = 1 << 16
const BYTES_MAX = 4 << 20

export class Adopter {
  readonly #texts: number[]
  readonly #pools: (Pool | null)[]
  readonly #codes: Int32Array[]
  #map = new Int32Array(1024)

  constructor(schema: AnySchema) {
    this.#texts = schema.list.flatMap((f, j) => (isText(f.kind) ? [j] : []))
    this.#pools = schema.list.map(() => null)
    this.#codes = schema.list.map(() => new Int32Array(0))
  }

  /**
   * The batch with dictionaries, valid until the next call; the batch itself where it has them, or
   * where so few `rows` are used that they would not pay.
   */
  adopt(batch: Batch, rows = batch.selected): Batch {
    let columns: (Column | null)[] | null = null
    for (const j of this.#texts) {
      const column = columnOf(batch, j)
      const { pool } = column
      if (pool === null || !isDictionaryLike(pool, rows)) continue
      columns ??= batch.columns.slice()
      columns[j] = this.#translate(column, pool, j)
    }
    return columns === null ? batch : withColumns(batch, columns)
  }

  #translate(column: Column, source: Pool, j: number): Column {
    const pool = this.#poolFor(j)
    if (this.#map.length < source.count) this.#map = new Int32Array(source.count * 2)
    const { bytes, offsets, count } = source
    for (let e = 0; e < count; e++)
      this.#map[e] = pool.intern(bytes, offsets[e] as number, offsets[e + 1] as number)
    const values = column.values as Int32Array
    let codes = this.#codes[j] as Int32Array
    if (codes.length < values.length) codes = this.#codes[j] = new Int32Array(values.length)
    translate(values, this.#map, codes)
    return { kind: column.kind, values: codes, valid: column.valid, pool }
  }

  #poolFor(j: number): Pool {
    const known = this.#pools[j]
    if (known && known.count < ENTRIES_MAX && known.size < BYTES_MAX) return known
    const made = new Pool(true)
    this.#pools[j] = made
    return made
  }
}

/** Whether rows share entries, so that looking entries up costs less than copying text a row. */
const isDictionaryLike = (pool: Pool, rows: number): boolean =>
  !pool.unique && pool.count > 0 && pool.count * 3 <= rows * 2

function translate(codes: Int32Array, map: Int32Array, out: Int32Array): void {
  for (let k = 0; k < codes.length; k++) out[k] = map[codes[k] as number] as number
}
