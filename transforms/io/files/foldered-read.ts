/** A split's reader with the columns of its folders added: each one value, repeated. */
import type { Batch } from '../../../engine/data/batch.ts'
import { type Column, lanes, newValues } from '../../../engine/data/column.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { SplitEnd, SplitReader } from '../../../engine/io/source.ts'

export interface FolderedPlace {
  readonly schema: AnySchema
  /** Positions, in the schema, of the columns that the inner reader has. */
  readonly at: readonly number[]
  /** Columns of one row, by position. */
  readonly constants: ReadonlyMap<number, Column>
}

export class FolderedReader implements SplitReader {
  readonly #inner: SplitReader
  readonly #place: FolderedPlace
  /** The constants, for as many rows as the largest batch had. */
  readonly #repeated = new Map<number, Column>()
  #rows = 0
  #batch: Batch | null = null

  constructor(inner: SplitReader, place: FolderedPlace) {
    this.#inner = inner
    this.#place = place
  }

  next(): Batch | null | Promise<Batch | null> {
    const batch = this.#inner.next()
    return batch instanceof Promise ? batch.then(b => this.#widened(b)) : this.#widened(batch)
  }

  #widened(batch: Batch | null): Batch | null {
    this.#batch = null
    if (batch === null) return null
    const { schema, at } = this.#place
    if (batch.rows > this.#rows) this.#repeat(batch.rows)
    const columns = schema.list.map((_, k) => this.#repeated.get(k) ?? null)
    at.forEach((k, i) => {
      columns[k] = batch.columns[i] ?? null
    })
    this.#batch = { ...batch, schema, columns }
    return this.#batch
  }

  #repeat(rows: number): void {
    this.#rows = rows
    for (const [k, one] of this.#place.constants) {
      const { kind } = one
      const values = newValues(kind, rows)
      const stride = lanes(kind)
      for (let i = 0; i < values.length; i++) values[i] = one.values[i % stride] as never
      const valid = one.valid && new Uint8Array(rows).fill(one.valid[0] as number)
      this.#repeated.set(k, { ...one, values, valid })
    }
  }

  widen(wanted: readonly boolean[]): Batch {
    const { at } = this.#place
    const inner = this.#inner.widen(at.map(k => wanted[k] === true))
    const batch = this.#batch as Batch
    at.forEach((k, i) => {
      batch.columns[k] = inner.columns[i] ?? null
    })
    return batch
  }

  end(): SplitEnd | null {
    return this.#inner.end()
  }

  close(): void | Promise<void> {
    return this.#inner.close()
  }
}
