/**
 * The half of an aggregation that runs after its exchange: merges the partial accumulators of each
 * group, in the order in which they came, and counts distinct pairs. Groups come out in the order of
 * their first appearance, whether they fit in memory or were split by key (`heads/grace.ts`).
 *
 * Account: the partials' rows were counted as merged before the exchange, of which each group takes one
 * back; created: the one group of an input without rows and without keys.
 */
import type { Accumulator } from '../../compile/aggregate/accumulator.ts'
import { countColumn } from '../../compile/aggregate/count.ts'
import { GroupTable } from '../../compile/aggregate/group-table.ts'
import { accumulatorsOf, type Layout, layoutOf } from '../../compile/aggregate/layout.ts'
import { type Batch, columnOf, dense } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { type AnySchema, fieldOf, t } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import { type Attempt, type Job, runJob, withOrdinal } from '../heads/grace.ts'
import type { Emit, Head, Partition, TaskContext } from '../operator.ts'
import { addPairCounts } from './pair-counts.ts'

/** Of the task's memory: for the groups, and for distinct pairs; the rest is for results. */
const SHARES = { groups: 0.5, pairs: 0.25 }

export function aggregateHead(node: Node<'aggregate'>, input: AnySchema): Head {
  const layout = layoutOf(node, input)
  return {
    async run(inputs: readonly Partition[], emit: Emit, task: TaskContext): Promise<void> {
      const empty = inputs.every(p => p.rows === 0)
      if (empty && node.op.keys.length > 0) return
      await runJob(new AggregateJob(node, { input, layout, task }), inputs, { emit, task })
    },
  }
}

interface Setting {
  /** Of the rows that are aggregated. */
  readonly input: AnySchema
  readonly layout: Layout
  readonly task: TaskContext
}

class AggregateJob implements Job {
  readonly inputs: readonly AnySchema[]
  readonly keys: readonly (readonly string[])[]
  readonly output: AnySchema
  readonly #node: Node<'aggregate'>
  readonly #s: Setting

  constructor(node: Node<'aggregate'>, setting: Setting) {
    const { layout } = setting
    this.inputs = [layout.partials, ...layout.pairs]
    this.keys = this.inputs.map(() => layout.keys)
    this.output = node.schema
    this.#node = node
    this.#s = setting
  }

  async attempt(inputs: readonly Partition[], a: Attempt): Promise<boolean> {
    const { layout, task } = this.#s
    const [partials, ...pairs] = inputs as [Partition, ...Partition[]]
    const groups = new Groups(this.#node, this.#s, a.numbered)
    // All rows of an input without keys are one group: there is nothing to split.
    const bounded = a.bounded && layout.keys.length > 0
    for (const batch of partials.batches()) {
      groups.add(batch)
      if (bounded && groups.heldBytes > task.memoryBytes * SHARES.groups) return false
    }
    const memoryBytes = task.memoryBytes * SHARES.pairs
    const distinct = pairs.map((partition, i) => {
      const counts = new Float64Array(Math.max(groups.table.count, 1))
      const schema = layout.pairs[i] as AnySchema
      const { numbered } = a
      addPairCounts(counts, partition, {
        schema,
        numbered,
        groups: groups.table,
        memoryBytes,
        task,
      })
      return counts
    })
    this.#account(groups.table.count)
    for (const batch of groups.results(distinct, task.rowsPerBatch)) await a.emit(batch)
    return true
  }

  #account(groups: number): void {
    const { account } = this.#s.task
    const { id, op } = this.#node
    const alone = groups === 0 && op.keys.length === 0
    if (alone) account.add(id, 'created', 1)
    else account.add(id, 'merged', -groups)
    account.add(id, 'out', alone ? 1 : groups)
  }
}

/** The groups met so far with their accumulators, and the ordinals that they came first with. */
class Groups {
  readonly table: GroupTable
  readonly #node: Node<'aggregate'>
  readonly #keys: readonly number[]
  readonly #made: readonly (Accumulator | null)[]
  readonly #accumulators: readonly Accumulator[]
  /** By group; null where rows are not numbered. */
  #ordinals: Float64Array | null

  constructor(node: Node<'aggregate'>, { input, layout }: Setting, numbered: boolean) {
    this.#node = node
    this.table = new GroupTable(layout.keyKinds)
    this.#keys = layout.keys.map((_, i) => i)
    this.#made = accumulatorsOf(node, input)
    this.#accumulators = this.#made.filter(a => a !== null)
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
