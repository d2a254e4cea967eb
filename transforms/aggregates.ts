/** The aggregates that `aggregate(g => …)` offers, as types and as the object that makes the plan's form. */
import type { BigInteger, Decimal, Float64, Int64, Kind, Nullable } from '../engine/data/kind.ts'
import { withOptional } from '../engine/data/kind.ts'
import { type Fields, type RowOf, t } from '../engine/data/schema.ts'
import { type Aggregate, type AggregateName, sumKind } from '../engine/plan/aggregate.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { Combine, type CombineFn } from './combine-fn.ts'
import { checkOptions, columnOf, type Step } from './step.ts'
import { testsOf, type Where } from './predicates.ts'

export type Numeric = 'int32' | 'int64' | 'bigint' | 'float32' | 'float64' | 'decimal'
/** What an aggregate yields; made by `g` only. */
export interface Agg<out K extends Kind> {
  readonly kind: K
}
type Wider = {
  int32: Int64
  int64: Int64
  bigint: BigInteger
  float32: Float64
  float64: Float64
  decimal: Decimal
}
type Same<K extends Kind, N extends Kind> = null extends K['value'] ? Nullable<N> : N
export type SumOf<K extends Kind> = K['tag'] extends keyof Wider ? Same<K, Wider[K['tag']]> : never
export type MeanOf<K extends Kind> = Same<K, Float64>
export type NumericOf<F extends Fields> = {
  [P in keyof F]: F[P]['tag'] extends Numeric ? P : never
}[keyof F] &
  string

interface Counting<in out F extends Fields, in out N extends string> {
  /** Rows, those that pass `where`. */
  count(o?: { where?: Where<F> }): Agg<Int64>
  /** Distinct values; null is none. Exact. */
  countDistinct(column: keyof F & string, o?: { where?: Where<F> }): Agg<Int64>
  /** Exact for integers and decimals. Nulls are left out; null where all are; 0 where no row passes `where`. */
  sum<K extends N & keyof F>(column: K, o?: { where?: Where<F> }): Agg<SumOf<F[K]>>
  /** A result of your own, see `combineFn`. */
  combine<K extends Kind>(fn: CombineFn<RowOf<F>, K>): Agg<K>
}
/** N: the columns that can be summed, worked out once so that an error lists them. */
export interface Aggregates<in out F extends Fields, in out N extends string>
  extends Counting<F, N> {
  /** Nulls are left out; null where nothing is left. */
  mean<K extends N & keyof F>(column: K): Agg<MeanOf<F[K]>>
  mean<K extends N & keyof F>(column: K, o: { where: Where<F> }): Agg<Nullable<Float64>>
  /** Nulls are left out; text is compared by its UTF-8 bytes. */
  min<K extends keyof F & string>(column: K): Agg<F[K]>
  max<K extends keyof F & string>(column: K): Agg<F[K]>
  /** The value in the row with the smallest `by`; among equals the row that came first. */
  first<K extends keyof F & string>(column: K, o: { by: keyof F & string }): Agg<F[K]>
  /** The value in the row with the largest `by`; among equals the row that came last. */
  last<K extends keyof F & string>(column: K, o: { by: keyof F & string }): Agg<F[K]>
}
/** Over a whole collection, which may have no row: what has no value then is nullable. */
export interface Totals<in out F extends Fields, in out N extends string> extends Counting<F, N> {
  mean<K extends N & keyof F>(column: K, o?: { where?: Where<F> }): Agg<Nullable<Float64>>
  min<K extends keyof F & string>(column: K): Agg<F[K]['nullable']>
  max<K extends keyof F & string>(column: K): Agg<F[K]['nullable']>
  first<K extends keyof F & string>(column: K, o: { by: keyof F & string }): Agg<F[K]['nullable']>
  last<K extends keyof F & string>(column: K, o: { by: keyof F & string }): Agg<F[K]['nullable']>
}

const NUMERIC: ReadonlySet<string> = new Set<Numeric>([
  'int32',
  'int64',
  'bigint',
  'float32',
  'float64',
  'decimal',
])
interface Filtered {
  where?: unknown
}

/** Makes the plan's aggregates, each checked against the schema of the step before the dot. */
export class AggregateMaker {
  readonly #step: Step
  /** Over a whole collection, where there may be no row. */
  readonly #total: boolean

  constructor(step: Step, total: boolean) {
    this.#step = step
    this.#total = total
  }

  count(o?: Filtered): Aggregate {
    return this.#make('count', t.int64, null, o)
  }
  countDistinct(column: string, o?: Filtered): Aggregate {
    return this.#make('countDistinct', t.int64, columnOf(this.#step, column).name, o)
  }
  sum(column: string, o?: Filtered): Aggregate {
    return this.#make('sum', sumKind(this.#numeric(column, 'sum')), column, o)
  }
  mean(column: string, o?: Filtered): Aggregate {
    const { optional } = this.#numeric(column, 'mean')
    const mayBeNone = optional || this.#total || o?.where !== undefined
    return this.#make('mean', withOptional(t.float64, mayBeNone), column, o)
  }
  min(column: string): Aggregate {
    return this.#make('min', this.#same(column), column)
  }
  max(column: string): Aggregate {
    return this.#make('max', this.#same(column), column)
  }
  first(column: string, o: { by: string }): Aggregate {
    return this.#ordered('first', column, o)
  }
  last(column: string, o: { by: string }): Aggregate {
    return this.#ordered('last', column, o)
  }
  combine(fn: unknown): Aggregate {
    if (!(fn instanceof Combine))
      return refuse('combine needs a CombineFn', {
        at: this.#step.at,
        hint: 'make one with combineFn(input, { … })',
      })
    return { ...this.#make('combine', fn.output, null), combine: fn }
  }

  #make(name: AggregateName, kind: Kind, column: string | null, o?: Filtered): Aggregate {
    checkOptions(this.#step, o, ['where'])
    const where = o?.where === undefined ? [] : testsOf(this.#step, o.where)
    return { name, kind, column, by: null, where, combine: null }
  }
  #ordered(name: 'first' | 'last', column: string, o: { by: string }): Aggregate {
    const kind = this.#same(column)
    checkOptions(this.#step, o, ['by'])
    return { ...this.#make(name, kind, column), by: columnOf(this.#step, o?.by).name }
  }
  #same(column: string): Kind {
    const { kind } = columnOf(this.#step, column)
    return this.#total ? kind.nullable : kind
  }
  #numeric(column: string, verb: string): Kind {
    const { kind } = columnOf(this.#step, column)
    if (NUMERIC.has(kind.tag)) return kind
    const have = this.#step.node.schema.list.filter(f => NUMERIC.has(f.kind.tag)).map(f => f.name)
    return refuse(`column ${quote(column)} is ${kind.name}, which has no ${verb}`, {
      at: this.#step.at,
      have,
    })
  }
}
