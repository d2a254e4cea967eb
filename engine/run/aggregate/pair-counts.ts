/**
 * Counts the distinct values of each group in a stream of (key, value) pairs: each pair counts once,
 * however many tasks sent it. Pairs that do not fit in memory are split on disk by the hash of key and
 * value, so that the values of a single group may be many more than fit; counts of the parts add up.
 */
import type { GroupTable } from '../../compile/aggregate/group-table.ts'
import { type AnySchema, t } from '../../data/schema.ts'
import { repartition } from '../exchange/repartition.ts'
import { hasherOf } from '../heads/compile-once.ts'
import { FANOUT, LEVELS_MAX, PART_BYTES_MIN, withOrdinal } from '../heads/grace.ts'
import type { Partition, TaskContext } from '../operator.ts'
import { Pairs } from './pairs.ts'

export interface PairCounting {
  /** Of the pairs: the keys, then the value. */
  readonly schema: AnySchema
  /** The pairs have an ordinal as their last column. */
  readonly numbered: boolean
  readonly groups: GroupTable
  readonly memoryBytes: number
  readonly task: TaskContext
}

/** Adds to `counts`, by group, how many distinct values each has. */
export function addPairCounts(
  counts: Float64Array,
  pairs: Partition,
  o: PairCounting,
  level = 0,
): void {
  const bounded = level < LEVELS_MAX && pairs.bytes > PART_BYTES_MIN
  const distinct = pairsOf(pairs, o, bounded)
  if (distinct !== null) {
    countEach(distinct, counts)
    return
  }
  const schema = o.numbered ? withOrdinal(o.schema) : o.schema
  const parts = repartition(pairs, o.task.spill, {
    schema,
    hashRows: hasherOf(
      schema,
      o.schema.list.map(f => f.name),
    ),
    level,
    fanout: FANOUT,
    release: level > 0,
  })
  for (const part of parts) addPairCounts(counts, part, o, level + 1)
}

/** The distinct pairs; null where they take more than the memory and may be split. */
function pairsOf(
  pairs: Partition,
  { schema, groups, memoryBytes }: PairCounting,
  bounded: boolean,
): Pairs | null {
  const keys = schema.list.slice(0, -1).map((_, i) => i)
  const distinct = new Pairs(schema, 'value')
  for (const batch of pairs.batches()) {
    distinct.add(batch, groups.assign(batch, keys))
    if (bounded && distinct.table.heldBytes > memoryBytes) return null
  }
  return distinct
}

function countEach({ table }: Pairs, counts: Float64Array): void {
  const numbers = table.column(0, t.int32).values as Int32Array
  for (let i = 0; i < numbers.length; i++) {
    const g = numbers[i] as number
    counts[g] = (counts[g] as number) + 1
  }
}
