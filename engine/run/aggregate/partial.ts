/**
 * The half of an aggregation that runs before its exchange (combiner lifting): rows become groups
 * with accumulators, handed on when the input ends or the tables have grown past their share. When
 * they are handed on depends on the rows alone, so that a retried task sends the same.
 */
import { Kernel, type StageScope } from '../../compile/kernel.ts'
import { type Batch, dense } from '../../data/batch.ts'
import { type Column, newColumn } from '../../data/column.ts'
import { type AnySchema, indexOf } from '../../data/schema.ts'
import { t } from '../../data/schema.ts'
import type { Node, Operations } from '../../plan/node.ts'
import type { Awaitable, Emit, Operator } from '../operator.ts'
import type { Accumulator } from '../../compile/aggregate/accumulator.ts'
import { GroupTable } from '../../compile/aggregate/group-table.ts'
import { accumulatorsOf, type Layout } from '../../compile/aggregate/layout.ts'

/** Groups, and distinct pairs, at which the tables are handed on and start anew. */
const GROUPS_MAX = 1 << 16
const ROWS_A_BATCH = 16_384

/** An aggregate's own `where`: narrows a batch's selection for this aggregate only. */
export type Narrow = (batch: Batch) => Batch | null

export function narrowOf(
  node: Node<'aggregate'>,
  index: number,
  input: AnySchema,
  scope: StageScope,
): Narrow {
  const { where } = (node.op.aggregates[index] as Operations['aggregate']['aggregates'][number])
    .aggregate
  if (where.length === 0) return batch => batch
  let result: Batch | null = null
  const test: Node<'where'> = {
    ...node,
    type: 'where',
    op: { tests: where, reason: '' },
    schema: input,
  }
  const silent = { add() {}, drop() {}, count() {} }
  const kernel = new Kernel(
    [test as Node],
    input,
    narrowed => {
      result = narrowed
    },
    {
      get task() {
        return { ...scope.task, account: silent }
      },
      sidesOf: () => undefined,
    },
  )
  return batch => {
    result = null
    kernel.push(batch)
    return result
  }
}

/** Distinct (group, value) pairs of one countDistinct. */
export class Pairs {
  readonly table: GroupTable
  readonly #kind
  readonly #valueIndex: number
  #numbers: Column = newColumn(t.int32, 0)
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
    this.table.assign(both, [0, 1])
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
    if (count >= GROUPS_MAX || this.#pairs.some(p => p.table.count >= GROUPS_MAX * 4))
      return this.#handOn()
  }

  finish(): Awaitable {
    return this.#handOn()
  }

  async #handOn(): Promise<void> {
    const { count } = this.#groups
    if (count === 0) return
    const keys = this.#layout.keyKinds.map((kind, j) => this.#groups.column(j, kind))
    const partials = this.#accumulators.flatMap(a => a.partial(count))
    await inSlices(
      dense(this.#layout.partials, [...keys, ...partials], count),
      this.#emits[0] as Emit,
    )
    for (const [i, pairs] of this.#pairs.entries()) {
      const schema = this.#layout.pairs[i] as AnySchema
      const numbers = pairs.table.values[0] as Int32Array
      const rows = pairs.table.count
      const columns = keys.map(key => gatherKey(key, numbers, rows))
      const value = pairs.table.column(1, schema.list.at(-1)?.kind.required as Column['kind'])
      await inSlices(dense(schema, [...columns, value], rows), this.#emits[i + 1] as Emit)
      pairs.table.clear()
    }
    for (const a of this.#accumulators) a.clear()
    this.#groups.clear()
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

/** Emits a large dense batch in pieces of bounded size. */
export async function inSlices(batch: Batch, emit: Emit): Promise<void> {
  if (batch.rows <= ROWS_A_BATCH) {
    if (batch.rows > 0) await emit(batch)
    return
  }
  for (let from = 0; from < batch.rows; from += ROWS_A_BATCH) {
    const selected = Math.min(ROWS_A_BATCH, batch.rows - from)
    const selection = Int32Array.from({ length: selected }, (_, k) => from + k)
    await emit({ ...batch, selection, selected })
  }
}
