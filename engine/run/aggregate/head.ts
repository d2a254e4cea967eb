/**
 * The half of an aggregation that runs after its exchange: merges the partial accumulators of each
 * group, in the order in which they came, and counts distinct pairs. Groups come out in the order of
 * their first appearance, whether they fit in memory or were split by key (`heads/grace.ts`).
 *
 * Account: the partials' rows were counted as merged before the exchange, of which each group takes one
 * back; created: the one group of an input without rows and without keys.
 */
import { layoutOf } from '../../compile/aggregate/layout.ts'
import type { AnySchema } from '../../data/schema.ts'
import type { Node } from '../../plan/node.ts'
import { type Attempt, type Job, runJob } from '../heads/grace.ts'
import type { Emit, Head, Partition, TaskContext } from '../operator.ts'
import { type Grouping, giveBack, takeGroups } from './groups.ts'
import { addPairCounts } from './pair-counts.ts'

/** Of the task's memory: for the groups, and for distinct pairs; the rest is for results. */
const SHARES = { groups: 0.5, pairs: 0.25 }

export function aggregateHead(node: Node<'aggregate'>, input: AnySchema): Head {
  const layout = layoutOf(node, input)
  const grouping: Grouping = { node, input, layout }
  return {
    async run(inputs: readonly Partition[], emit: Emit, task: TaskContext): Promise<void> {
      const empty = inputs.every(p => p.rows === 0)
      if (empty && node.op.keys.length > 0) return
      await runJob(new AggregateJob(grouping, task), inputs, { emit, task })
    },
  }
}

class AggregateJob implements Job {
  readonly inputs: readonly AnySchema[]
  readonly keys: readonly (readonly string[])[]
  readonly output: AnySchema
  readonly #of: Grouping
  readonly #task: TaskContext

  constructor(grouping: Grouping, task: TaskContext) {
    const { layout, node } = grouping
    this.inputs = [layout.partials, ...layout.pairs]
    this.keys = this.inputs.map(() => layout.keys)
    this.output = node.schema
    this.#of = grouping
    this.#task = task
  }

  async attempt(inputs: readonly Partition[], a: Attempt): Promise<boolean> {
    const { layout } = this.#of
    const task = this.#task
    const [partials, ...pairs] = inputs as [Partition, ...Partition[]]
    const groups = takeGroups(this.#of, a.numbered)
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
    giveBack(this.#of, groups, (task.memoryBytes * SHARES.groups) / 2)
    return true
  }

  #account(groups: number): void {
    const { account } = this.#task
    const { id, op } = this.#of.node
    const alone = groups === 0 && op.keys.length === 0
    if (alone) account.add(id, 'created', 1)
    else account.add(id, 'merged', -groups)
    account.add(id, 'out', alone ? 1 : groups)
  }
}
