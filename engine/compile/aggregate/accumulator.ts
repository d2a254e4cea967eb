/**
 * Accumulators: what an aggregate keeps for each group, column-wise. One life in two places: before
 * the exchange `update` takes rows and `partial` hands columns on; after it `merge` takes those
 * columns and `result` answers. Loops are generated, so that each sees one kind of array.
 *
 * | aggregate     | partial columns           | notes                                               |
 * |---------------|---------------------------|-----------------------------------------------------|
 * | count         | int64                     |                                                     |
 * | sum           | int64, float64, decimal(38,s) or bigint | whole numbers past 2^53 are a fault   |
 * | mean          | as sum, and a count       |                                                     |
 * | min, max      | the column's kind         | text by code point; NaN greatest                    |
 * | first, last   | by, value                 | a null `by` comes first; ties by source position    |
 * | combine       | the accumulator's schema, or bytes (v8.serialize) |                             |
 */
import type { Batch } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import type { Field } from '../../data/schema.ts'

export interface Accumulator {
  /** What crosses the exchange, by column. */
  readonly partialFields: readonly Field[]
  /** Makes room for this many groups. */
  reserve(groups: number): void
  /** Takes the selected rows; `groups` is by row index. */
  update(batch: Batch, groups: Int32Array): void
  /** Takes partial columns, the first of them at `at`. */
  merge(batch: Batch, groups: Int32Array, at: number): void
  /** The partial columns of groups `from` … `to`: valid until the next call. */
  partial(from: number, to: number): Column[]
  /** The result column of groups `from` … `to`: valid until the next call. */
  result(from: number, to: number): Column
  clear(): void
  readonly heldBytes: number
  /** Bytes of the text taken since `clear`: a function of the rows alone. None where it takes no text. */
  readonly textBytes?: number
}
