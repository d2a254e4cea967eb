/**
 * Splits the selected rows of a batch by partition: a counting sort of row indices, which keeps
 * their order within a partition.
 */
import type { Batch } from '../../data/batch.ts'

/** Writes the partition of the k-th selected row to out[k]. */
export type PartitionOf = (batch: Batch, out: Int32Array) => void

export class Splitter {
  /** Partition p has the rows order[starts[p]] … order[starts[p + 1] - 1]. */
  order = new Int32Array(0)
  readonly starts: Int32Array
  #ids = new Int32Array(0)
  readonly #next: Int32Array
  readonly #partitionOf: PartitionOf

  constructor(partitions: number, partitionOf: PartitionOf) {
    this.starts = new Int32Array(partitions + 1)
    this.#next = new Int32Array(partitions + 1)
    this.#partitionOf = partitionOf
  }

  /** Sets `order` and `starts` for a batch. */
  split(batch: Batch): void {
    const { selected } = batch
    if (this.order.length < selected) {
      this.order = new Int32Array(selected)
      this.#ids = new Int32Array(selected)
    }
    this.#partitionOf(batch, this.#ids)
    const { starts } = this
    starts.fill(0)
    count(this.#ids, selected, starts)
    for (let p = 1; p < starts.length; p++)
      starts[p] = (starts[p] as number) + (starts[p - 1] as number)
    this.#next.set(starts)
    scatter(this.#ids, selected, batch.selection, this.#next, this.order)
  }
}

function count(ids: Int32Array, rows: number, counts: Int32Array): void {
  for (let k = 0; k < rows; k++) {
    const after = (ids[k] as number) + 1
    counts[after] = (counts[after] as number) + 1
  }
}

function scatter(
  ids: Int32Array,
  rows: number,
  selection: Int32Array | null,
  next: Int32Array,
  order: Int32Array,
): void {
  for (let k = 0; k < rows; k++) {
    const id = ids[k] as number
    const at = next[id] as number
    next[id] = at + 1
    order[at] = selection === null ? k : (selection[k] as number)
  }
}
