/**
 * `PCollection`: the rows of one schema, and the verbs on them. Types only; each verb is documented in
 * full in the file of its name, and wired in `collection.ts`. Every result is a closed mapped type, so
 * that long chains check fast (`test/types` measures it).
 */
import type { Int32, Int64, Nullable, Utf8 } from '../engine/data/kind.ts'
import type { Kind } from '../engine/data/kind.ts'
import type { Fields, Merge, RowOf, Schema } from '../engine/data/schema.ts'
import type { JoinHint } from '../engine/plan/node.ts'
import type { Agg, Aggregates, NumericOf, Totals } from './aggregates.ts'
import type { SideOptions } from './derive.ts'
import type { DistinctByOptions } from './distinct.ts'
import type { FilterOptions } from './filter.ts'
import type { Closed, Full, Inner, Joining, Left, On } from './join-types.ts'
import type { AsyncOptions } from './map.ts'
import type { DoFn, Output } from './par-do.ts'
import type { ColumnsOf, Unnested, Unnesting, Unpacked, Unpacking } from './nested-types.ts'
import type { Known } from './reify.ts'
import type { SideInput, Sides, SideValues } from './side.ts'
import type { Where } from './predicates.ts'
import type { Sink, Written } from './write.ts'

/** The columns of a dead letter, see `engine/plan/rejected.ts`. */
export type Rejected = {
  step: Utf8
  reason: Utf8
  column: Nullable<Utf8>
  source: Nullable<Utf8>
  line: Nullable<Int64>
  offset: Nullable<Int64>
  raw: Utf8
}

export type Sort<F> = { by: keyof F & string; order?: 'asc' | 'desc' }
type Columns<F> = (keyof F & string) | readonly (keyof F & string)[]
type Required<F extends Fields, K> = Closed<{
  [P in keyof F]: P extends K ? F[P]['required'] : F[P]
}>
type Renamed<F extends Fields, M> = Closed<{
  [K in keyof F as K extends keyof M ? M[K] & string : K]: F[K]
}>
type Fresh<F, M> = [Extract<M[keyof M], Exclude<keyof F, keyof M>>] extends [never]
  ? unknown
  : { 'exists already': Extract<M[keyof M], Exclude<keyof F, keyof M>> }
type Reified<F extends Fields, M extends { readonly [column: string]: keyof Known }> = Closed<{
  [K in keyof F | keyof M]: K extends keyof M ? Known[M[K]] : K extends keyof F ? F[K] : never
}>
type Derived<F extends Fields, D extends Fields, S extends Sides> = {
  readonly [C in keyof D]: readonly [D[C], (row: RowOf<F>, side: SideValues<S>) => D[C]['value']]
}
type Aggs = { readonly [column: string]: Agg<Kind> }
type GroupRow<F extends Fields, K extends PropertyKey, A extends Aggs> = Closed<{
  [P in K | keyof A]: P extends keyof A ? A[P]['kind'] : P extends keyof F ? F[P] : never
}>
// biome-ignore lint/complexity/noBannedTypes: no side inputs
type NoSides = {}

export type Outputs<O extends Output> =
  O extends Schema<infer G>
    ? PCollection<G>
    : { readonly [K in keyof O]: O[K] extends Schema<infer G> ? PCollection<G> : never }

export interface PCollection<in out F extends Fields> {
  readonly schema: Schema<F>
  /** Rows that the step before this dot refused. All steps together: `p.rejects`. */
  readonly rejects: PCollection<Rejected>
  /** Names the step before this dot, for the plan, the metrics, the rejects. */
  named(name: string): PCollection<F>

  /** Keeps the rows for which `keep` is true. */
  filter(keep: (row: RowOf<F>) => boolean, o?: FilterOptions): PCollection<F>
  /** Keeps the rows that pass every test; the optimizer reads these. */
  where(test: Where<F>, o?: { reason?: string }): PCollection<F>
  /** Keeps the rows that have a value in each of the columns, which are not nullable afterwards. */
  dropNulls<K extends keyof F & string>(...columns: K[]): PCollection<Required<F, K>>
  /** Puts a value where a column is null; the column is not nullable afterwards. */
  fillNulls<const D extends { readonly [K in keyof F]?: NonNullable<F[K]['value']> }>(
    defaults: D,
  ): PCollection<Required<F, keyof D>>
  /** Adds or replaces columns: `{ total: [t.decimal(14, 2), r => r.quantity * r.price] }`. */
  derive<D extends Fields, S extends Sides = NoSides>(
    columns: Derived<F, D, S>,
    o?: SideOptions<S>,
  ): PCollection<Closed<Merge<F, D>>>
  /** Keeps these columns, in this order. */
  select<K extends keyof F & string>(...columns: K[]): PCollection<{ [P in K]: F[P] }>
  /** Keeps all columns but these. */
  drop<K extends keyof F & string>(
    ...columns: K[]
  ): PCollection<{ [P in Exclude<keyof F, K>]: F[P] }>
  /** Gives columns new names, old → new. */
  rename<const M extends { readonly [K in keyof F]?: string }>(
    names: M & Fresh<F, M>,
  ): PCollection<Renamed<F, M>>
  /** Adds columns for what is known of a row: its source, its place there, the run. */
  reify<const M extends { readonly [column: string]: keyof Known }>(
    columns: M,
  ): PCollection<Reified<F, M>>
  /** One row for each row. */
  map<G extends Fields, S extends Sides = NoSides>(
    out: Schema<G>,
    fn: (row: RowOf<F>, side: SideValues<S>) => RowOf<G>,
    o?: SideOptions<S>,
  ): PCollection<G>
  /** One row for each row, from a function that awaits; at most `concurrency` calls at once. */
  mapAsync<G extends Fields>(
    out: Schema<G>,
    fn: (row: RowOf<F>) => Promise<RowOf<G>>,
    o: AsyncOptions,
  ): PCollection<G>
  /** Any number of rows for each row. */
  flatMap<G extends Fields, S extends Sides = NoSides>(
    out: Schema<G>,
    fn: (row: RowOf<F>, side: SideValues<S>) => Iterable<RowOf<G>>,
    o?: SideOptions<S>,
  ): PCollection<G>
  /** One row for each element of a list: its fields, or itself, beside the row's other columns. */
  unnest<C extends ColumnsOf<F, 'list'>, P extends string = '', E extends boolean = false>(
    column: C,
    ...o: Unnesting<F, C, P, E>
  ): PCollection<Unnested<F, C, P, E>>
  /** A struct's fields as columns in place of it. */
  unpack<C extends ColumnsOf<F, 'struct'>, P extends string = ''>(
    column: C,
    ...o: Unpacking<F, C, P>
  ): PCollection<Unpacked<F, C, P>>
  /** Runs a DoFn: bundles, setup and teardown, several outputs. */
  parDo<const O extends Output, S extends Sides = NoSides, R = undefined>(
    fn: DoFn<F, O, S, R>,
  ): Outputs<O>

  /** One row of each set of equal rows. */
  distinct(): PCollection<F>
  /** One row a key: the first or the last by a column. */
  distinctBy(keys: Columns<F>, o: DistinctByOptions & { by: keyof F & string }): PCollection<F>
  /** Groups by key columns, for `aggregate`, `top` or `flatMap`. */
  groupBy<K extends keyof F & string>(...keys: K[]): Grouped<F, K>
  /** One row for the whole collection, also where it has no row. */
  aggregate<A extends Aggs>(
    fn: (g: Totals<F, NumericOf<F>>) => A,
  ): PCollection<{ [P in keyof A]: A[P]['kind'] }>

  /** Pairs of rows with equal keys. */
  join<G extends Fields, const O extends On<F, G>, P extends string = ''>(
    right: PCollection<G>,
    o: Joining<F, G, O, P>,
  ): PCollection<Inner<F, G, O, P>>
  /** Also left rows without partner, the right side's columns null. */
  leftJoin<G extends Fields, const O extends On<F, G>, P extends string = ''>(
    right: PCollection<G>,
    o: Joining<F, G, O, P>,
  ): PCollection<Left<F, G, O, P>>
  /** Also rows of both sides without partner. */
  fullJoin<G extends Fields, const O extends On<F, G>, P extends string = ''>(
    right: PCollection<G>,
    o: Joining<F, G, O, P>,
  ): PCollection<Full<F, G, O, P>>
  /** The rows whose key is in the other collection. */
  semiJoin<G extends Fields, const O extends On<F, G>>(
    right: PCollection<G>,
    o: { on: O; hint?: JoinHint },
  ): PCollection<F>
  /** The rows whose key is not in the other collection. */
  antiJoin<G extends Fields, const O extends On<F, G>>(
    right: PCollection<G>,
    o: { on: O; hint?: JoinHint },
  ): PCollection<F>
  /** Splits a collection: `fn` names the part that a row goes to. */
  partition<const N extends string>(
    names: readonly N[],
    fn: (row: RowOf<F>) => NoInfer<N>,
  ): { readonly [K in N]: PCollection<F> }

  /** Sorts the rows. */
  sortBy(...sort: ((keyof F & string) | Sort<F>)[]): PCollection<F>
  /** The same rows, spread evenly over tasks. */
  reshuffle(): PCollection<F>

  /** The only row, for lambdas of other collections. */
  asSingleton(): SideInput<RowOf<F>>
  /** All rows, as an array. */
  asList(): SideInput<readonly RowOf<F>[]>
  /** Rows by key, one a key. */
  asMap<K extends keyof F & string>(key: K): SideInput<ReadonlyMap<F[K]['value'], RowOf<F>>>
  /** Rows by key, any number a key. */
  asMultimap<K extends keyof F & string>(
    key: K,
  ): SideInput<ReadonlyMap<F[K]['value'], readonly RowOf<F>[]>>

  /** A composite: any function of the collection, in its place in the chain. */
  apply<R>(composite: (input: PCollection<F>) => R): R
  /** Writes the rows. What it answers can be read and published. */
  write<const C extends keyof F & string>(sink: Sink<C>): Written<F>
}

export interface Grouped<in out F extends Fields, in out K extends keyof F & string> {
  /** One row a key: the keys, then the aggregates. */
  aggregate<A extends Aggs>(
    fn: (g: Aggregates<F, NumericOf<F>>) => A,
  ): PCollection<GroupRow<F, K, A>>
  /** The first `n` rows of each key, in the order given. */
  top<N extends string = never>(
    n: number,
    o: Sort<F> & { rank?: N },
  ): PCollection<Closed<{ [P in keyof F | N]: P extends keyof F ? F[P] : Int32 }>>
  /** A function over each key's rows, streamed in the order given, never an array. */
  flatMap<G extends Fields>(
    out: Schema<G>,
    fn: (key: RowOf<Pick<F, K>>, rows: Iterable<RowOf<F>>) => Iterable<RowOf<G>>,
    o?: { sort?: Sort<F> },
  ): PCollection<G>
}
