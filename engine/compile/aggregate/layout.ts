/**
 * How an aggregation crosses its exchange: one stream of partial accumulators, and one of distinct
 * (keys, value) pairs for each countDistinct, all hash-partitioned by the keys.
 */
import type { Kind } from '../../data/kind.ts'
import { type AnySchema, fieldOf, indexOf, schemaOf } from '../../data/schema.ts'
import type { Aggregate } from '../../plan/aggregate.ts'
import type { Node } from '../../plan/node.ts'
import type { Accumulator } from './accumulator.ts'
import { Combine } from './combine.ts'
import { Count } from './count.ts'
import { Pick } from './picks.ts'
import { Sum } from './sums.ts'

export interface Layout {
  readonly keys: readonly string[]
  readonly keyKinds: readonly Kind[]
  /** The stream of partial accumulators: keys, then each aggregate's partial columns. */
  readonly partials: AnySchema
  /** A stream for each countDistinct: keys, then the value. Internal names, so that none can clash. */
  readonly pairs: readonly AnySchema[]
}

/** Fresh accumulators, in the order of the node's aggregates; null for countDistinct. */
export function accumulatorsOf(node: Node<'aggregate'>, input: AnySchema): (Accumulator | null)[] {
  return node.op.aggregates.map(({ name, aggregate }, i) => {
    const output = fieldOf(node.schema, name).kind
    return accumulatorOf(`#${i}`, aggregate, { input, output, at: node.at, shown: name })
  })
}

interface Made {
  input: AnySchema
  output: Kind
  at: string
  shown: string
}

function accumulatorOf(name: string, a: Aggregate, made: Made): Accumulator | null {
  const { input, output, at } = made
  if (a.name === 'count') return new Count(name, output)
  if (a.name === 'countDistinct') return null
  if (a.name === 'combine')
    return new Combine(name, a.combine as NonNullable<typeof a.combine>, input, output)
  const column = a.column as string
  const columnKind = fieldOf(input, column).kind
  const index = indexOf(input, column)
  if (a.name === 'sum' || a.name === 'mean')
    return new Sum({
      ...{ name, shown: made.shown, column: index, kind: columnKind, output, at },
      mean: a.name === 'mean',
    })
  const nulls = a.name === 'first' || a.name === 'last'
  const by = nulls ? (a.by as string) : column
  return new Pick({
    name,
    column: index,
    by: indexOf(input, by),
    columnKind,
    byKind: fieldOf(input, by).kind,
    output,
    greatest: a.name === 'max' || a.name === 'last',
    nulls,
  })
}

export function layoutOf(node: Node<'aggregate'>, input: AnySchema): Layout {
  const { keys } = node.op
  const keyFields = keys.map((key, i) => ({ name: `key${i}`, kind: fieldOf(input, key).kind }))
  const partial = accumulatorsOf(node, input).flatMap(a => a?.partialFields ?? [])
  const distinct = node.op.aggregates.filter(a => a.aggregate.name === 'countDistinct')
  return {
    keys: keyFields.map(f => f.name),
    keyKinds: keyFields.map(f => f.kind),
    partials: schemaOf([...keyFields, ...partial]),
    pairs: distinct.map(({ aggregate }) =>
      schemaOf([
        ...keyFields,
        { name: 'value', kind: fieldOf(input, aggregate.column as string).kind },
      ]),
    ),
  }
}
