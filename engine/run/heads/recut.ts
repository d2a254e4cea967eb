/**
 * Gives a stream that was merged the batches that it would have had without: steps that follow may take
 * turns batch by batch (collections that meet, rejects of two steps), so where batches end shows in
 * files and must not depend on memory.
 */
import { type Batch, columnOf, project } from '../../data/batch.ts'
import type { AnySchema } from '../../data/schema.ts'
import type { Emit } from '../operator.ts'
import { type Intake, RowStore } from './row-store.ts'

export interface RecutOptions {
  /** Of the rows handed on; those that come have an ordinal as their last column. */
  readonly output: AnySchema
  /** Ordinals at which a new batch begins, ascending. */
  readonly starts: readonly number[]
  /** A batch also ends when it has so many rows. */
  readonly rowsPerBatch: number
  readonly emit: Emit
}

export class Recut {
  readonly #o: RecutOptions
  readonly #at: readonly number[]
  readonly #store: RowStore
  readonly #intake: Intake
  #next = 0

  /** `input`: the schema of the rows that come, in the order of their ordinals. */
  constructor(input: AnySchema, o: RecutOptions) {
    this.#o = o
    this.#at = o.output.list.map((_, j) => j)
    this.#store = new RowStore(input, o.rowsPerBatch)
    this.#intake = this.#store.intake()
  }

  /** Takes a dense batch. */
  async push(batch: Batch): Promise<void> {
    const ordinals = columnOf(batch, this.#at.length).values as Float64Array
    for (let from = 0; from < batch.rows; ) {
      if (this.#begins(ordinals[from] as number)) await this.flush()
      const to = this.#end(ordinals, from, batch.rows)
      const rows = Int32Array.from({ length: to - from }, (_, k) => from + k)
      this.#intake.begin(batch)
      this.#intake.append(rows, rows.length)
      if (this.#store.rows === this.#o.rowsPerBatch) await this.flush()
      from = to
    }
  }

  /** Hands on what is held. */
  async flush(): Promise<void> {
    const { rows } = this.#store
    if (rows === 0) return
    await this.#o.emit(project(this.#store.slice(0, rows), this.#o.output, this.#at))
    this.#store.clear()
  }

  /** Whether a row belongs to another batch than the row before it. */
  #begins(ordinal: number): boolean {
    const { starts } = this.#o
    const before = this.#next
    while (this.#next < starts.length && (starts[this.#next] as number) <= ordinal) this.#next++
    return this.#next > before
  }

  /** The first row that does not go into the same batch as the one at `from`. */
  #end(ordinals: Float64Array, from: number, rows: number): number {
    const start = this.#o.starts[this.#next] ?? Number.POSITIVE_INFINITY
    const most = Math.min(rows, from + this.#o.rowsPerBatch - this.#store.rows)
    let to = from + 1
    while (to < most && (ordinals[to] as number) < start) to++
    return to
  }
}
