/** `parDo`: Beam's DoFn, with setup and teardown, bundles, several outputs, side inputs. */
import type { AnySchema, Fields, RowOf, Schema } from '../engine/data/schema.ts'
import { bound } from '../engine/plan/bound.ts'
import type { Node, OnError, ParDoSpec } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { type Sides, type SideValues, sidesOf } from './side.ts'
import { add, checkFunction, checkOptions, checkSchema, onErrorOf, type Step } from './step.ts'

/** One schema, or one a tag. */
export type Output = AnySchema | { readonly [tag: string]: AnySchema }
export type Emit<O extends Output> =
  O extends Schema<infer G>
    ? (row: RowOf<G>) => void
    : { readonly [K in keyof O]: O[K] extends Schema<infer G> ? (row: RowOf<G>) => void : never }

/** What `process` is given beside the row. */
export interface Bundle<O extends Output, S extends Sides, R> {
  /** A function where `output` is one schema, else one function a tag. */
  readonly emit: Emit<O>
  readonly side: SideValues<S>
  /** What `setup` returned. */
  readonly resource: R
  /** Sends the row to the dead letter. */
  reject(reason: string): void
  /** Adds to a counter of the run's metrics. */
  count(name: string, by?: number): void
}

export interface DoFn<F extends Fields, O extends Output, S extends Sides, R> {
  output: O
  side?: S
  onError?: OnError
  /** Once a worker, before its first bundle: connections, models. */
  setup?(): R | Promise<R>
  startBundle?(c: Bundle<O, S, R>): void
  process(row: RowOf<F>, c: Bundle<O, S, R>): void | Promise<void>
  finishBundle?(c: Bundle<O, S, R>): void | Promise<void>
  teardown?(resource: R): void | Promise<void>
}

// biome-ignore lint/suspicious/noExplicitAny: a DoFn of whatever types
export type AnyDoFn = DoFn<any, any, any, any>

const METHODS = ['setup', 'startBundle', 'process', 'finishBundle', 'teardown'] as const
const OPTIONS = ['output', 'side', 'onError', ...METHODS]

/**
 * Runs a DoFn over the rows: any number of rows out, into one output or several.
 *
 * Shape   PCollection<F> → PCollection<G>, or one PCollection a tag
 * Nulls   `process` sees null as null
 * Cost    fused into its stage; an emitted row is read into columns at once
 * Throws  pipeline: no `process`, an output that is no schema; data: `process` threw, or emitted what
 *         does not fit (unless onError is 'deadLetter')
 * Source  Beam programming guide, ParDo and additional outputs
 * @example
 * const { ok, bad } = rows.parDo({
 *   output: { ok: Order, bad: Bad },
 *   process(r, c) { r.price > 0 ? c.emit.ok(r) : c.emit.bad({ id: r.id, reason: 'no price' }) },
 * })
 */
export function parDo(
  step: Step,
  fn: AnyDoFn,
): { node: Node; outputs: Record<string, Node> | null } {
  if (typeof fn !== 'object' || fn === null)
    refuse('the DoFn is not an object', { at: step.at, have: OPTIONS })
  // A class instance may have fields of its own, so only plain objects are held to the list.
  if (Object.getPrototypeOf(fn) === Object.prototype) checkPlain(step, fn)
  checkFunction(step, fn.process, 'process')
  const single = Array.isArray((fn.output as AnySchema | undefined)?.list)
  const tags = single
    ? [{ tag: 'output', schema: fn.output as AnySchema }]
    : tagsOf(step, fn.output)
  const sides = sidesOf(step, fn.side)
  const onError = onErrorOf(step, fn.onError)
  const op = { tags, single, sides, onError, ...methodsOf(step, fn) }
  const schema = (tags[0] as (typeof tags)[0]).schema
  const node = add(step, 'parDo', { op, name: 'parDo', schema })
  if (single) return { node, outputs: null }
  const outputs: Record<string, Node> = Object.create(null)
  for (const { tag, schema } of tags)
    outputs[tag] = add(step, 'output', {
      op: { tag },
      name: `output ${tag}`,
      schema,
      inputs: [node],
    })
  return { node, outputs }
}

function checkPlain(step: Step, fn: object): void {
  const extra = Object.keys(fn).filter(k => typeof (fn as never)[k] !== 'function')
  checkOptions(step, Object.fromEntries(extra.map(k => [k, true])), OPTIONS)
}

function tagsOf(step: Step, output: unknown): { tag: string; schema: AnySchema }[] {
  const entries = typeof output === 'object' && output !== null ? Object.entries(output) : []
  if (entries.length === 0)
    refuse('the DoFn has no output', { at: step.at, hint: 'output: a schema, or one a tag' })
  return entries.map(([tag, schema]) => {
    if (tag === '') refuse(`output ${quote(tag)} is no name`, { at: step.at })
    return { tag, schema: checkSchema(step, schema) }
  })
}

/** `this` inside the methods stays the DoFn. */
function methodsOf(step: Step, fn: AnyDoFn): Pick<ParDoSpec, (typeof METHODS)[number]> {
  const methods = METHODS.map(name => {
    const method: unknown = fn[name]
    if (method === undefined) return [name, null]
    checkFunction(step, method, name)
    return [name, bound(method as never, fn)]
  })
  return Object.fromEntries(methods)
}
