/** The distinct values of each group, as a table of pairs of a group's number and a value. */
import { GroupTable } from '../../compile/aggregate/group-table.ts'
import { type Batch, columnOf } from '../../data/batch.ts'
import { type Column, newColumn } from '../../data/column.ts'
import { type AnySchema, indexOf, t } from '../../data/schema.ts'
import { RecentPairs } from './recent-pairs.ts'

/** Distinct (group, value) pairs of one countDistinct. */
export class Pairs {
  readonly table: GroupTable
  readonly #kind
  readonly #valueIndex: number
  readonly #recent = new RecentPairs()
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
    const column = columnOf(batch, this.#valueIndex)
    this.#numbers = { kind: t.int32, values: groups, valid: null, pool: null }
    const fresh = this.#recent.without(batch, column, groups)
    const both = { ...fresh, columns: [this.#numbers, { ...column, valid: null }] }
    const before = this.table.count
    this.table.assign(both, [0, 1])
    this.textBytes += this.table.textBytes(before)
  }

  clear(): void {
    this.table.clear()
    this.#recent.clear()
    this.textBytes = 0
  }
}
