/**
 * The groups of a partition with their accumulators. Their memory is kept for the next partition of
 * the same node, as long as it is little: half of what a run of many groups allocated was tables
 * that grew anew for each partition.
 */
import type { Accumulator } from '../../compile/aggregate/accumulator.ts'
import { countColumn } from '../../compile/aggregate/count.ts'
import { GroupTable } from '../../compile/aggregate/group-table.ts'
import { accumulatorsOf, type Layout } from '../../compile/aggregate/layout.ts'
import { type Batch, columnOf, dense } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { type AnySchema, fieldOf, t } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import { withOrdinal } from '../heads/grace.ts'

/** What a thread keeps at most; one that holds more is dropped with its partition. */
const KEPT_BYTES_MAX = 16 << 20

/** What an aggregation is of. */
export interface Grouping {
  readonly node: Node<'aggregate'>
  /** Of the rows that are aggregated. */
  readonly input: AnySchema
  readonly layout: Layout
}

let kept: { readonly of: Grouping; readonly groups: Groups } | null = null

/** Groups without a row, in the memory of the last ones where they were kept. */
export function takeGroups(of: Grouping, numbered: boolean): Groups {
  const groups = kept?.of === of ? kept.groups : new Groups(of)
  kept = null
  groups.begin(numbered)
  return groups
}

/**
 * Gives back what `takeGroups` answered. Its results are read until the task ends at most, and the
 * next ones are taken by the next task, or part.
 */
export function giveBack(of: Grouping, groups: Groups, bytesMax: number): void {
  if (groups.heldBytes <= Math.min(KEPT_BYTES_MAX, bytesMax)) kept = { of, groups }
}

/** The groups met so far, and the ordinals that they came first with. */
export class Groups {
  readonly table: GroupTable
  readonly #node: Node<'aggregate'>
  readonly #keys: readonly number[]
  readonly #made: readonly (Accumulator | null)[]
  readonly #accumulators: readonly Accumulator[]
  /** By group; null where rows are not numbered. */
  #ordinals: Float64Array | null = null

  constructor({ node, input, layout }: Grouping) {
    this.#node = node
    this.table = new GroupTable(layout.keyKinds)
    this.#keys = layout.keys.map((_, i) => i)
    this.#made = accumulatorsOf(node, input)
    this.#accumulators = this.#made.filter(a => a !== null)
  }

  /** Forgets all groups; rows that come have an ordinal as their last column where `numbered`. */
  begin(numbered: boolean): void {
    this.table.renew()
    for (const accumulator of this.#accumulators) accumulator.clear()
    this.#ordinals = numbered ? new Float64Array(256) : null
  }

  get heldBytes(): number {
    return this.#accumulators.reduce((sum, a) => sum + a.heldBytes, this.table.heldBytes)
  }

  /** Merges a batch of partials. */
  add(batch: Batch): void {
    const first = this.table.count
    const numbers = this.table.assign(batch, this.#keys)
    if (this.#ordinals) this.#number(batch, numbers, first)
    let at = this.#keys.length
    for (const accumulator of this.#accumulators) {
      accumulator.reserve(this.table.count)
      accumulator.merge(batch, numbers, at)
      at += accumulator.partialFields.length
    }
  }

  /** Groups are numbered as they come: the row of the next new one is the first with its number. */
  #number(batch: Batch, numbers: Int32Array, first: number): void {
    const arrivals = columnOf(batch, batch.columns.length - 1).values as Float64Array
    const known = this.#ordinals as Float64Array
    const ordinals = known.length < this.table.count ? grown(known, this.table.count) : known
    let next = first
    for (let i = 0; i < batch.rows; i++)
      if (numbers[i] === next) ordinals[next++] = arrivals[i] as number
    this.#ordinals = ordinals
  }

  /** One row a group; `distinct`: counts by group of each countDistinct. */
  *results(distinct: readonly Float64Array[], rowsPerBatch: number): Iterable<Batch> {
    // Without keys there is one group, though no row may have come.
    const count = this.#node.op.keys.length === 0 ? 1 : this.table.count
    for (const accumulator of this.#accumulators) accumulator.reserve(count)
    for (let from = 0; from < count; from += rowsPerBatch)
      yield this.#slice(distinct, from, Math.min(count, from + rowsPerBatch))
  }

  #slice(distinct: readonly Float64Array[], from: number, to: number): Batch {
    const { keys, aggregates } = this.#node.op
    const { schema } = this.#node
    const kindOf = (name: string) => fieldOf(schema, name).kind
    const byName = new Map<string, Column>()
    keys.forEach((key, j) => byName.set(key, this.table.column(j, kindOf(key), from, to)))
    let next = 0
    aggregates.forEach(({ name }, i) => {
      const counts = () =>
        countColumn(kindOf(name), (distinct[next++] as Float64Array).subarray(from, to))
      byName.set(name, this.#made[i]?.result(from, to) ?? counts())
    })
    const columns = schema.list.map(f => byName.get(f.name) as Column)
    if (this.#ordinals === null) return dense(schema, columns, to - from)
    const values = this.#ordinals.subarray(from, to)
    const ordinal: Column = { kind: t.int64, values, valid: null, pool: null }
    return dense(withOrdinal(schema), [...columns, ordinal], to - from)
  }
}

function grown(values: Float64Array, count: number): Float64Array {
  const larger = new Float64Array(count * 2)
  larger.set(values)
  return larger
}
