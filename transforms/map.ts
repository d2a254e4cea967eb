/** `map`, `mapAsync`, `flatMap`: a function of the row, its output schema declared. */
import type { AnySchema } from '../engine/data/schema.ts'
import type { Node, OnError, Row } from '../engine/plan/node.ts'
import { refuse } from '../engine/plan/refuse.ts'
import type { SideOptions } from './derive.ts'
import { type Sides, sidesOf } from './side.ts'
import { add, checkFunction, checkOptions, checkSchema, onErrorOf, type Step } from './step.ts'

type Fn = (row: Row, side: unknown) => unknown

function lambda(step: Step, out: AnySchema, fn: Fn, o: SideOptions<Sides>) {
  checkSchema(step, out)
  checkFunction(step, fn, 'the second argument')
  checkOptions(step, o, ['side', 'onError'])
  return { fn, sides: sidesOf(step, o.side), onError: onErrorOf(step, o.onError) }
}

/**
 * One row for each row.
 *
 * Shape   PCollection<F> → PCollection<G>; as many rows
 * Nulls   the function sees null as null, and may return it where `out` is nullable
 * Cost    fused into its stage; the returned object is read into columns at once
 * Throws  pipeline: no schema, no function; data: it threw, or a value does not fit its column, or a
 *         column is missing or unknown (unless onError is 'deadLetter')
 * Source  Beam programming guide, MapElements
 * @example
 * lines.map(Sale, r => ({ id: r.invoiceNo, total: r.quantity * r.unitPrice }))
 */
export const map = (step: Step, out: AnySchema, fn: Fn, o: SideOptions<Sides> = {}): Node =>
  add(step, 'map', { op: lambda(step, out, fn, o), name: 'map', schema: out })

/**
 * Any number of rows for each row.
 *
 * Shape   PCollection<F> → PCollection<G>; any number of rows
 * Nulls   as `map`
 * Cost    fused into its stage; a generator is pulled row by row, never gathered
 * Throws  as `map`; data: the function returned nothing iterable
 * Source  Beam programming guide, FlatMapElements
 * @example
 * lines.flatMap(Word, r => r.text.split(' ').map(word => ({ word })))
 */
export const flatMap = (step: Step, out: AnySchema, fn: Fn, o: SideOptions<Sides> = {}): Node =>
  add(step, 'flatMap', { op: lambda(step, out, fn, o), name: 'flatMap', schema: out })

export interface AsyncOptions {
  /** Calls in flight at once, in each task. */
  concurrency: number
  onError?: OnError
}

/**
 * One row for each row, from a function that awaits: a lookup over the network.
 *
 * Shape   PCollection<F> → PCollection<G>; as many rows, in their order
 * Cost    at most `concurrency` calls in flight a task
 * Throws  as `map`; pipeline: concurrency is not a whole number from 1
 * @example
 * orders.mapAsync(Priced, async r => ({ id: r.id, price: await priceOf(r.id) }), { concurrency: 16 })
 */
export function mapAsync(
  step: Step,
  out: AnySchema,
  fn: (row: Row) => Promise<unknown>,
  o: AsyncOptions,
): Node {
  checkSchema(step, out)
  checkFunction(step, fn, 'the second argument')
  checkOptions(step, o, ['concurrency', 'onError'])
  const concurrency = o?.concurrency
  if (!Number.isInteger(concurrency) || concurrency < 1)
    refuse(`concurrency is ${concurrency}`, { at: step.at, hint: 'a whole number from 1' })
  const op = { fn, concurrency, onError: onErrorOf(step, o.onError) }
  return add(step, 'mapAsync', { op, name: 'mapAsync', schema: out })
}
