/** Rows by group, and what counts share: adding those of partials, and making room. */
import { type Batch, columnOf } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import type { Kind } from '../../data/kind.ts'
import { type Field, t } from '../../data/schema.ts'
import type { Accumulator } from './accumulator.ts'

export class Count implements Accumulator {
  readonly partialFields: readonly Field[]
  readonly #output: Kind
  #counts = new Float64Array(0)
  constructor(name: string, output: Kind) {
    this.partialFields = [{ name, kind: t.int64 }]
    this.#output = output
  }
  reserve(groups: number): void {
    if (groups > this.#counts.length)
      this.#counts = grown(this.#counts, roomFor(groups, this.#counts.length))
  }
  update(batch: Batch, groups: Int32Array): void {
    countRows(this.#counts, groups, batch.selection, batch.selected)
  }
  merge(batch: Batch, groups: Int32Array, at: number): void {
    addCounts(this.#counts, columnOf(batch, at).values as Float64Array, batch, groups)
  }
  partial(from: number, to: number): Column[] {
    return [countColumn(t.int64, this.#counts.subarray(from, to))]
  }
  result(from: number, to: number): Column {
    return countColumn(this.#output, this.#counts.subarray(from, to))
  }
  clear(): void {
    this.#counts.fill(0)
  }
  get heldBytes(): number {
    return this.#counts.byteLength
  }
}

/** Counts as a column, none of them null. */
export function countColumn(kind: Kind, counts: Float64Array): Column {
  const valid = kind.optional ? new Uint8Array(counts.length).fill(1) : null
  return { kind, values: counts, valid, pool: null }
}

function countRows(
  counts: Float64Array,
  groups: Int32Array,
  selection: Int32Array | null,
  rows: number,
): void {
  for (let k = 0; k < rows; k++) {
    const g = groups[selection === null ? k : (selection[k] as number)] as number
    counts[g] = (counts[g] as number) + 1
  }
}

export function addCounts(
  into: Float64Array,
  counts: Float64Array,
  batch: Batch,
  groups: Int32Array,
): void {
  const { selection, selected } = batch
  for (let k = 0; k < selected; k++) {
    const i = selection === null ? k : (selection[k] as number)
    const g = groups[i] as number
    into[g] = (into[g] as number) + (counts[i] as number)
  }
}

/** How many groups to make room for, where `groups` are needed and there was room for `known`. */
export const roomFor = (groups: number, known: number): number => Math.max(256, groups, known * 2)

export function grown(values: Float64Array<ArrayBuffer>, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(size)
  larger.set(values)
  return larger
}
