/** The distinct values of each group, as a table of pairs of a group's number and a value. */
import { GroupTable } from '../../compile/aggregate/group-table.ts'
import type { Batch } from '../../data/batch.ts'
import { type Column, newColumn } from '../../data/column.ts'
import { type AnySchema, indexOf, t } from '../../data/schema.ts'

/** Distinct (group, value) pairs of one countDistinct. */
export class Pairs {
  readonly table: GroupTable
  readonly #kind
  readonly #valueIndex: number
  #numbers: Column = newColumn(t.int32, 0)
  /** Of the values. */
  textBytes = 0
  constructor(input: AnySchema, column: string) {
    this.#valueIndex = indexOf(input, column)
    this.#kind = input.list[this.#valueIndex]?.kind as Column['kind']
    this.table = new GroupTable([t.int32, this.#kind.required])
  }
  /** Adds the selected rows' values; nulls do not count. */
  add(batch: Batch, groups: Int32Array): void {
    const value = batch.columns[this.#valueIndex] ?? null
    if (value === null) batch.widen?.(this.#valueIndex)
    const column = batch.columns[this.#valueIndex] as Column
    this.#numbers = { kind: t.int32, values: groups, valid: null, pool: null }
    const present = withoutNulls(batch, column)
    const both = { ...present, columns: [this.#numbers, { ...column, valid: null }] }
    const before = this.table.count
    this.table.assign(both, [0, 1])
    this.textBytes += this.table.textBytes(before)
  }

  clear(): void {
    this.table.clear()
    this.textBytes = 0
  }
}

function withoutNulls(batch: Batch, column: Column): Batch {
  if (column.valid === null) return batch
  const selection = new Int32Array(batch.selected)
  let n = 0
  for (let k = 0; k < batch.selected; k++) {
    const i = batch.selection === null ? k : (batch.selection[k] as number)
    if (column.valid[i] !== 0) selection[n++] = i
  }
  return { ...batch, selection, selected: n }
}
