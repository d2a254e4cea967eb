/**
 * The half of an aggregation that runs before its exchange (combiner lifting): rows become groups
 * with accumulators, handed on when the input ends or the tables have grown past a bound. When they
 * are handed on decides the order in which floats are added, so it depends on the rows alone: not on
 * memory, nor on how the rows came in batches.
 */
import type { StageScope } from '../../compile/kernel.ts'
import { type Batch, dense } from '../../data/batch.ts'
import { type Column, newColumn } from '../../data/column.ts'
import { type AnySchema, indexOf, t } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import type { Awaitable, Emit, Operator } from '../operator.ts'
import { inSlices, piece } from '../slices.ts'
import { type Narrow, narrowOf } from './narrow.ts'
import { Pairs } from './pairs.ts'
import type { Accumulator } from '../../compile/aggregate/accumulator.ts'
import { GroupTable } from '../../compile/aggregate/group-table.ts'
import { accumulatorsOf, type Layout } from '../../compile/aggregate/layout.ts'

/** Groups, distinct pairs, and bytes of their text, at which the tables are handed on and start anew. */
const GROUPS_MAX = 1 << 16
const PAIRS_MAX = GROUPS_MAX * 4
const TEXT_BYTES_MAX = 8 << 20
/** The bounds are looked at whenever so many rows of the task have come: batches are cut there. */
const ROWS_A_LOOK = 1 << 15

export class PartialAggregate implements Operator {
  readonly #node: Node<'aggregate'>
  readonly #layout: Layout
  readonly #scope: StageScope
  readonly #keys: readonly number[]
  readonly #groups: GroupTable
  readonly #accumulators: readonly Accumulator[]
  readonly #narrows: readonly Narrow[]
  readonly #pairs: readonly Pairs[]
  readonly #pairNarrows: readonly Narrow[]
  readonly #emits: readonly Emit[]
  /** Rows until the bounds are looked at. */
  #left = ROWS_A_LOOK
  /** Of the text of the first `#measured` groups. */
  #textBytes = 0
  #measured = 0

  /** `emits`: the partials' stream, then that of each countDistinct. */
  constructor(
    node: Node<'aggregate'>,
    input: AnySchema,
    layout: Layout,
    emits: readonly Emit[],
    scope: StageScope,
  ) {
    this.#node = node
    this.#layout = layout
    this.#scope = scope
    this.#emits = emits
    this.#keys = node.op.keys.map(key => indexOf(input, key))
    this.#groups = new GroupTable(layout.keyKinds)
    const made = accumulatorsOf(node, input)
    const at = made.flatMap((a, i) => (a ? [i] : []))
    const distinct = made.flatMap((a, i) => (a ? [] : [i]))
    this.#accumulators = at.map(i => made[i] as Accumulator)
    this.#narrows = at.map(i => narrowOf(node, i, input, scope))
    this.#pairs = distinct.map(
      i => new Pairs(input, node.op.aggregates[i]?.aggregate.column as string),
    )
    this.#pairNarrows = distinct.map(i => narrowOf(node, i, input, scope))
  }

  push(batch: Batch): Awaitable {
    const { account } = this.#scope.task
    account.add(this.#node.id, 'in', batch.selected)
    account.add(this.#node.id, 'merged', batch.selected)
    if (batch.selected < this.#left) return this.#take(batch)
    return this.#takeCut(batch)
  }

  /** Takes the batch in pieces that end where the bounds are looked at. */
  async #takeCut(batch: Batch): Promise<void> {
    for (let from = 0; from < batch.selected; ) {
      const to = Math.min(batch.selected, from + this.#left)
      this.#take(piece(batch, from, to))
      from = to
      if (this.#left > 0) continue
      this.#left = ROWS_A_LOOK
      if (this.#full()) await this.#handOn()
    }
  }

  #take(batch: Batch): void {
    this.#left -= batch.selected
    const groups = this.#groups.assign(batch, this.#keys)
    const { count } = this.#groups
    this.#accumulators.forEach((accumulator, i) => {
      accumulator.reserve(count)
      const narrowed = (this.#narrows[i] as Narrow)(batch)
      if (narrowed) accumulator.update(narrowed, groups)
    })
    this.#pairs.forEach((pairs, i) => {
      const narrowed = (this.#pairNarrows[i] as Narrow)(batch)
      if (narrowed) pairs.add(narrowed, groups)
    })
  }

  #full(): boolean {
    if (this.#groups.count >= GROUPS_MAX) return true
    if (this.#pairs.some(p => p.table.count >= PAIRS_MAX)) return true
    this.#textBytes += this.#groups.textBytes(this.#measured)
    this.#measured = this.#groups.count
    let bytes = this.#textBytes
    for (const pairs of this.#pairs) bytes += pairs.textBytes
    for (const accumulator of this.#accumulators) bytes += accumulator.textBytes ?? 0
    return bytes >= TEXT_BYTES_MAX
  }

  async finish(): Promise<void> {
    await this.#handOn()
    this.#left = ROWS_A_LOOK
  }

  async #handOn(): Promise<void> {
    const { count } = this.#groups
    if (count === 0) return
    const { keyKinds } = this.#layout
    const { rowsPerBatch } = this.#scope.task
    for (let from = 0; from < count; from += rowsPerBatch) {
      const to = Math.min(count, from + rowsPerBatch)
      const slices = keyKinds.map((kind, j) => this.#groups.column(j, kind, from, to))
      const partials = this.#accumulators.flatMap(a => a.partial(from, to))
      await this.#emits[0]?.(dense(this.#layout.partials, [...slices, ...partials], to - from))
    }
    const keys = keyKinds.map((kind, j) => this.#groups.column(j, kind))
    for (const [i, pairs] of this.#pairs.entries()) {
      const schema = this.#layout.pairs[i] as AnySchema
      const numbers = pairs.table.column(0, t.int32).values as Int32Array
      const rows = pairs.table.count
      const columns = keys.map(key => gatherKey(key, numbers, rows))
      const value = pairs.table.column(1, schema.list.at(-1)?.kind.required as Column['kind'])
      const batch = dense(schema, [...columns, value], rows)
      await inSlices(batch, rowsPerBatch, this.#emits[i + 1] as Emit)
      pairs.clear()
    }
    for (const a of this.#accumulators) a.clear()
    this.#groups.clear()
    this.#textBytes = 0
    this.#measured = 0
  }
}

/** A key's value for each pair, by the pair's group number. */
function gatherKey(key: Column, groups: Int32Array, rows: number): Column {
  const column = newColumn(key.kind, rows, key.pool ?? undefined)
  const wide = column.values.length === rows * 2
  for (let i = 0; i < rows; i++) {
    const g = groups[i] as number
    if (wide) {
      column.values[2 * i] = key.values[2 * g] as bigint
      column.values[2 * i + 1] = key.values[2 * g + 1] as bigint
    } else column.values[i] = key.values[g] as number
    if (column.valid) column.valid[i] = key.valid ? (key.valid[g] as number) : 1
  }
  return column
}
