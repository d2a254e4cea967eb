/** `combineFn`: an aggregate of one's own, Beam's CombineFn. */
import type { Kind } from '../engine/data/kind.ts'
import type { Fields, RowOf, Schema } from '../engine/data/schema.ts'
import type { CombineSpec } from '../engine/plan/aggregate.ts'
import { bound } from '../engine/plan/bound.ts'
import { refuse } from '../engine/plan/refuse.ts'
import { isKind, siteOf } from './step.ts'

interface Methods<in I, in out A, out K extends Kind> {
  readonly output: K
  createAccumulator(): A
  addInput(acc: A, row: I): A
  mergeAccumulators(a: A, b: A): A
  extractOutput(acc: A): K['value']
}
/** With a schema the accumulator spills, crosses exchanges and is checkpointed as columns. */
export interface ColumnarCombineFn<in I, in out A extends Fields, out K extends Kind>
  extends Methods<I, RowOf<A>, K> {
  readonly accumulator: Schema<A>
}
/** Without a schema it travels by structured serialization: any plain data, Map and Set included. */
export interface OpaqueCombineFn<in I, in out A, out K extends Kind> extends Methods<I, A, K> {
  readonly accumulator?: undefined
}
/** What `g.combine` takes: made by `combineFn`, its accumulator its own business. */
export interface CombineFn<in I, out K extends Kind> {
  readonly output: K
  /** Exists in types only. */
  readonly input: (row: I) => void
}

/**
 * Declares an aggregate: rows are added to accumulators, accumulators merged in any grouping, the last
 * one turned into the result. `addInput` may change the accumulator that it is given and return it.
 *
 * Shape   rows → one value of `output`
 * Nulls   `addInput` sees null as null
 * Cost    combined before the exchange; with `accumulator`, a schema, spilled and moved as columns
 * Throws  pipeline: a method is missing, `output` is no kind; data: a method threw
 * Source  Beam programming guide, CombineFn
 * @example
 * const range = combineFn(schema({ x: t.float64 }), {
 *   accumulator: schema({ low: t.float64, high: t.float64 }),
 *   output: t.float64,
 *   createAccumulator: () => ({ low: Infinity, high: -Infinity }),
 *   addInput: (a, r) => ({ low: Math.min(a.low, r.x), high: Math.max(a.high, r.x) }),
 *   mergeAccumulators: (a, b) => ({ low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) }),
 *   extractOutput: a => a.high - a.low,
 * })
 */
export function combineFn<I extends Fields, A extends Fields, K extends Kind>(
  input: Schema<I>,
  fn: ColumnarCombineFn<RowOf<I>, A, K>,
): CombineFn<RowOf<I>, K>
export function combineFn<I extends Fields, A, K extends Kind>(
  input: Schema<I>,
  fn: OpaqueCombineFn<RowOf<I>, A, K>,
): CombineFn<RowOf<I>, K>
export function combineFn(_input: unknown, fn: unknown): CombineFn<never, Kind> {
  return new Combine(fn as Readonly<Record<string, unknown>>) as unknown as CombineFn<never, Kind>
}

const METHODS = ['createAccumulator', 'addInput', 'mergeAccumulators', 'extractOutput'] as const

/** The plan's form, methods bound to the user's object. */
export class Combine implements CombineSpec {
  readonly accumulator: CombineSpec['accumulator']
  readonly output: Kind
  readonly createAccumulator: CombineSpec['createAccumulator']
  readonly addInput: CombineSpec['addInput']
  readonly mergeAccumulators: CombineSpec['mergeAccumulators']
  readonly extractOutput: CombineSpec['extractOutput']

  constructor(fn: Readonly<Record<string, unknown>>) {
    for (const name of METHODS)
      if (typeof fn[name] !== 'function')
        refuse(`${name} of the combineFn is not a function`, {
          at: siteOf('combineFn'),
          have: METHODS,
        })
    if (!isKind(fn['output']))
      refuse('output of the combineFn is not a kind', {
        at: siteOf('combineFn'),
        hint: 'such as t.float64',
      })
    this.output = fn['output']
    this.accumulator = (fn['accumulator'] as CombineSpec['accumulator'] | undefined) ?? null
    if (this.accumulator !== null && !Array.isArray(this.accumulator.list))
      refuse('accumulator of the combineFn is not a schema', {
        at: siteOf('combineFn'),
        hint: 'schema({ … }), or leave it out',
      })
    this.createAccumulator = bound(fn['createAccumulator'] as never, fn)
    this.addInput = bound(fn['addInput'] as never, fn)
    this.mergeAccumulators = bound(fn['mergeAccumulators'] as never, fn)
    this.extractOutput = bound(fn['extractOutput'] as never, fn)
  }
}
