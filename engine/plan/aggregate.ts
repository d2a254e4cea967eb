/**
 * What an aggregate asks for; how it is computed is the business of `engine/compile`. `kind` is the
 * kind of its result.
 */
import { type Kind, withOptional } from '../data/kind.ts'
import { type AnySchema, t } from '../data/schema.ts'
import type { Row, Test } from './node.ts'

export interface CombineSpec {
  /** Null: an accumulator without a schema travels by v8.serialize. */
  readonly accumulator: AnySchema | null
  readonly output: Kind
  createAccumulator(): unknown
  addInput(acc: unknown, row: Row): unknown
  mergeAccumulators(a: unknown, b: unknown): unknown
  extractOutput(acc: unknown): unknown
}

export type AggregateName =
  | 'count'
  | 'countDistinct'
  | 'sum'
  | 'mean'
  | 'min'
  | 'max'
  | 'first'
  | 'last'
  | 'combine'

export interface Aggregate {
  readonly name: AggregateName
  readonly kind: Kind
  /** The column that it reads; null for count and combine. */
  readonly column: string | null
  /** The ordering column of first and last. */
  readonly by: string | null
  /** Only rows that pass count; empty: all. */
  readonly where: readonly Test[]
  readonly combine: CombineSpec | null
}

/** The kind of a sum: wide enough that sums stay exact. A sum over no values is null where the column may be null. */
export function sumKind(kind: Kind): Kind {
  const { optional } = kind
  switch (kind.tag) {
    case 'int32':
    case 'int64':
      return withOptional(t.int64, optional)
    case 'bigint':
      return withOptional(t.bigint, optional)
    case 'decimal':
      return withOptional(t.decimal(Math.min(38, kind.precision + 10), kind.scale), optional)
    default:
      return withOptional(t.float64, optional)
  }
}
