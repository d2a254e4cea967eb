/**
 * The half of an aggregation that runs after its exchange: merges the partial accumulators of each
 * group and counts distinct pairs. A partition that does not fit is split by further bits of the
 * keys' hash, and each part done alone.
 */
import type { StageScope } from '../../compile/kernel.ts'
import { type Batch, dense } from '../../data/batch.ts'
import { type Column, newColumn } from '../../data/column.ts'
import { type AnySchema, fieldOf } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import { keyHasher } from '../exchange/hash.ts'
import { repartition } from '../exchange/repartition.ts'
import type { Emit, Head, Partition, TaskContext } from '../operator.ts'
import type { Accumulator } from '../../compile/aggregate/accumulator.ts'
import { GroupTable } from '../../compile/aggregate/group-table.ts'
import { accumulatorsOf, type Layout, layoutOf } from '../../compile/aggregate/layout.ts'
import { inSlices, Pairs } from './partial.ts'

/** What a merged group takes in tables, beside its partial's bytes. */
const TABLE_FACTOR = 3
const FANOUT = 8
const LEVELS_MAX = 6

export class AggregateHead implements Head {
  readonly #node: Node<'aggregate'>
  readonly #input: AnySchema
  readonly #layout: Layout

  constructor(node: Node<'aggregate'>, input: AnySchema, _scope: StageScope) {
    this.#node = node
    this.#input = input
    this.#layout = layoutOf(node, input)
  }

  async run(inputs: readonly Partition[], emit: Emit, task: TaskContext): Promise<void> {
    const empty = inputs.every(p => p.rows === 0)
    if (empty && this.#node.op.keys.length > 0) return
    await this.#level(inputs, emit, task, 0)
  }

  async #level(
    inputs: readonly Partition[],
    emit: Emit,
    task: TaskContext,
    level: number,
  ): Promise<void> {
    const bytes = inputs.reduce((sum, p) => sum + p.bytes, 0)
    const splits = this.#layout.keys.length > 0 && level < LEVELS_MAX
    if (bytes * TABLE_FACTOR <= task.memoryBytes || !splits) return this.#merge(inputs, emit, task)
    const schemas = [this.#layout.partials, ...this.#layout.pairs]
    const parts = inputs.map((partition, i) => {
      const hasher = keyHasher(schemas[i] as AnySchema, this.#layout.keys)
      return repartition(partition, task.spill, {
        hashRows: hasher,
        schema: schemas[i] as AnySchema,
        level,
        fanout: FANOUT,
      })
    })
    for (let part = 0; part < FANOUT; part++)
      await this.#level(
        parts.map(p => p[part] as Partition),
        emit,
        task,
        level + 1,
      )
  }

  async #merge(inputs: readonly Partition[], emit: Emit, task: TaskContext): Promise<void> {
    const groups = new GroupTable(this.#layout.keyKinds)
    const keys = this.#layout.keys.map((_, i) => i)
    const made = accumulatorsOf(this.#node, this.#input)
    const accumulators = made.filter(a => a !== null)
    for (const batch of (inputs[0] as Partition).batches({ release: true })) {
      const numbers = groups.assign(batch, keys)
      mergeBatch(batch, numbers, { accumulators, at: keys.length, groups: groups.count })
    }
    const counts = this.#layout.pairs.map((schema, i) =>
      countPairs(inputs[i + 1] as Partition, schema, groups),
    )
    let { count } = groups
    if (count === 0 && keys.length === 0) {
      count = 1
      task.account.add(this.#node.id, 'created', 1)
    } else task.account.add(this.#node.id, 'merged', -count)
    task.account.add(this.#node.id, 'out', count)
    for (const a of accumulators) a.reserve(count)
    await inSlices(this.#result(groups, { made, counts, count }), emit)
  }

  #result(
    groups: GroupTable,
    r: { made: readonly (Accumulator | null)[]; counts: Float64Array[]; count: number },
  ): Batch {
    let distinct = 0
    const { keys, aggregates } = this.#node.op
    const byName = new Map<string, Column>()
    keys.forEach((key, j) =>
      byName.set(key, groups.column(j, fieldOf(this.#node.schema, key).kind)),
    )
    aggregates.forEach(({ name }, i) => {
      const { kind } = fieldOf(this.#node.schema, name)
      const made = r.made[i]
      if (made) byName.set(name, made.result(r.count))
      else {
        const column = newColumn(kind, r.count)
        ;(column.values as Float64Array).set(
          (r.counts[distinct++] as Float64Array).subarray(0, r.count),
        )
        column.valid?.fill(1)
        byName.set(name, column)
      }
    })
    const columns = this.#node.schema.list.map(f => byName.get(f.name) as Column)
    return dense(this.#node.schema, columns, r.count)
  }
}

function mergeBatch(
  batch: Batch,
  numbers: Int32Array,
  m: { accumulators: readonly Accumulator[]; at: number; groups: number },
): void {
  let { at } = m
  for (const accumulator of m.accumulators) {
    accumulator.reserve(m.groups)
    accumulator.merge(batch, numbers, at)
    at += accumulator.partialFields.length
  }
}

/** Distinct values by group: each pair counts once, however many tasks sent it. */
function countPairs(pairs: Partition, schema: AnySchema, groups: GroupTable): Float64Array {
  const keys = schema.list.slice(0, -1).map((_, i) => i)
  const distinct = new Pairs(schema, 'value')
  for (const batch of pairs.batches({ release: true })) {
    const numbers = groups.assign(batch, keys)
    distinct.add(batch, numbers)
  }
  const counts = new Float64Array(Math.max(groups.count, 1))
  const numbers = distinct.table.values[0] as Int32Array
  for (let i = 0; i < distinct.table.count; i++) {
    const g = numbers[i] as number
    counts[g] = (counts[g] as number) + 1
  }
  return counts
}
