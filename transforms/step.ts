/**
 * What a verb is given: the graph to add to, the node before the dot, and where the user called. With
 * the checks that verbs share: a column that must exist, a function that must be one.
 */
import { indexOf, type AnySchema, type Field } from '../engine/data/schema.ts'
import { callSite } from '../engine/fault.ts'
import type { Kind } from '../engine/data/kind.ts'
import type { Graph } from '../engine/plan/graph.ts'
import type { Node, OnError, Operations, OperationType } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'

export interface Step {
  readonly graph: Graph
  /** The step before the dot. */
  readonly node: Node
  /** The user's call site and verb. */
  readonly at: string
}

interface Added<T extends OperationType> {
  op: Operations[T]
  name: string
  schema?: AnySchema
  inputs?: readonly Node[]
}

/** Adds a node after the step; same schema and the step as only input, unless said. */
export function add<T extends OperationType>(step: Step, type: T, added: Added<T>): Node<T> {
  const { op, name, schema = step.node.schema, inputs = [step.node] } = added
  return step.graph.add({ type, op, name, schema, inputs, at: step.at })
}

/** The user's call site and verb: `pipelines/retail/pipeline.ts:14  .filter`. */
export const siteOf = (verb: string): string => `${callSite()}  ${verb}`.trimStart()

export const namesOf = (schema: AnySchema): string[] => schema.list.map(f => f.name)

/** A column by name. Throws pipeline: there is none. */
export function columnOf(step: Step, name: unknown, schema = step.node.schema): Field {
  const found = typeof name === 'string' ? schema.list[indexOf(schema, name)] : undefined
  return (
    found ??
    refuse(`column ${quote(name)} does not exist`, {
      at: step.at,
      have: namesOf(schema),
      near: String(name),
    })
  )
}

/** Columns by name, each once. Throws pipeline: none is given, one is unknown or named twice. */
export function columnsOf(step: Step, names: readonly unknown[], schema?: AnySchema): Field[] {
  if (names.length === 0) refuse('no column is named', { at: step.at })
  const fields = names.map(name => columnOf(step, name, schema))
  const twice = fields.find((f, i) => fields.indexOf(f) !== i)
  if (twice) refuse(`column ${quote(twice.name)} is named twice`, { at: step.at })
  return fields
}

/** Throws pipeline: `value` is not a function. */
export function checkFunction(step: Step, value: unknown, what: string): void {
  if (typeof value !== 'function')
    refuse(`${what} is not a function`, { at: step.at, detail: [`got   ${typeName(value)}`] })
}

const typeName = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'an array' : `${typeof value}`

/** Throws pipeline: `value` is not a schema, such as the fields that one is made of. */
export function checkSchema(step: Step, value: unknown): AnySchema {
  const s = value as AnySchema | null
  if (typeof s !== 'object' || s === null || !Array.isArray(s.list))
    refuse('the output is not a schema', { at: step.at, hint: 'wrap its columns: schema({ … })' })
  return s
}

export const isKind = (value: unknown): value is Kind =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Kind).tag === 'string' &&
  'required' in value

/** Throws pipeline: an option that the verb does not have, or a value that is no object. */
export function checkOptions(
  step: Step,
  options: object | undefined,
  have: readonly string[],
): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null)
    refuse('the options are not an object', { at: step.at, have })
  for (const near of Object.keys(options))
    if (!have.includes(near))
      refuse(`option ${quote(near)} does not exist`, { at: step.at, have, near })
}

/** Throws pipeline: neither of the two. */
export function onErrorOf(step: Step, onError: unknown): OnError {
  if (onError === undefined) return 'fail'
  if (onError === 'fail' || onError === 'deadLetter') return onError
  return refuse(`onError ${quote(onError)} does not exist`, {
    at: step.at,
    have: ['fail', 'deadLetter'],
    near: String(onError),
  })
}
