/** `unnest`, `unpack`: lists become rows, structs become columns. */
import { isNested, type Kind, withOptional } from '../engine/data/kind.ts'
import { elementOf, structOf } from '../engine/data/nested.ts'
import { type Field, schemaOf } from '../engine/data/schema.ts'
import type { Node } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { add, checkOptions, columnOf, type Step } from './step.ts'

interface Choices {
  prefix?: string
  keepEmpty?: boolean
}

/**
 * One row for each element of a list. The list's column goes; the fields of its structs, or an element
 * of another kind under the list's own name, come.
 *
 * Shape   PCollection<F> → PCollection<F − column + fields>: as many rows as elements, in their order
 * Nulls   a null list is an empty one; fields are nullable where the element is, or with keepEmpty
 * Cost    fused into its stage; copies columns, makes no objects
 * Throws  pipeline: the column is no list; a name is there already
 * Source  SQL's UNNEST
 * @example
 * orders.unnest('lines', { prefix: 'line_' })
 */
export function unnest(step: Step, column: string, o: Choices = {}): Node {
  const { name, kind } = columnOf(step, column)
  if (kind.tag !== 'list') refuseKind(step, name, kind, 'list')
  checkOptions(step, o, ['prefix', 'keepEmpty'])
  const { keepEmpty = false } = o
  if (typeof keepEmpty !== 'boolean')
    refuse(`keepEmpty ${quote(keepEmpty)} is neither true nor false`, { at: step.at })
  const element = elementOf(kind)
  const made = partsOf(name, element, keepEmpty || element.optional)
  return added(step, { column: name, list: true, keepEmpty }, made, o.prefix)
}

/**
 * A struct's fields as columns in place of it.
 *
 * Shape   PCollection<F> → PCollection<F − column + fields>; all rows
 * Nulls   a null struct gives nulls: its fields are nullable where it is
 * Cost    as `unnest`
 * Throws  pipeline: the column is no struct; a name is there already
 * @example
 * customers.unpack('address', { prefix: 'address_' })
 */
export function unpack(step: Step, column: string, o: Pick<Choices, 'prefix'> = {}): Node {
  const { name, kind } = columnOf(step, column)
  if (kind.tag !== 'struct') refuseKind(step, name, kind, 'struct')
  checkOptions(step, o, ['prefix'])
  const made = partsOf(name, kind, kind.optional)
  return added(step, { column: name, list: false, keepEmpty: true }, made, o.prefix)
}

const partsOf = (name: string, kind: Kind, optional: boolean): Field[] =>
  kind.tag === 'struct'
    ? structOf(kind).list.map(f => ({
        ...f,
        kind: withOptional(f.kind, optional || f.kind.optional),
      }))
    : [{ name, kind: withOptional(kind, optional) }]

function added(
  step: Step,
  op: { column: string; list: boolean; keepEmpty: boolean },
  parts: readonly Field[],
  prefix = '',
): Node {
  const verb = op.list ? 'unnest' : 'unpack'
  if (typeof prefix !== 'string') refuse(`prefix ${quote(prefix)} is no text`, { at: step.at })
  const kept = step.node.schema.list.filter(f => f.name !== op.column)
  const made = parts.map(f => ({ ...f, name: `${prefix}${f.name}` }))
  const taken = made.find(f => kept.some(k => k.name === f.name))
  if (taken)
    refuse(`${verb}: column ${quote(taken.name)} exists already`, {
      at: step.at,
      hint: `give a prefix: ${verb}(${quote(op.column)}, { prefix: ${quote(`${op.column}_`)} })`,
    })
  return add(step, 'unnest', {
    op,
    name: `${verb} ${op.column}`,
    schema: schemaOf([...kept, ...made]),
  })
}

function refuseKind(step: Step, name: string, kind: Kind, wanted: 'list' | 'struct'): never {
  const have = step.node.schema.list.filter(f => f.kind.tag === wanted).map(f => f.name)
  const { tag } = kind
  const other = wanted === 'list' ? 'unpack' : 'unnest'
  const hint = isNested(kind) && tag !== 'json' ? `.${other}(${quote(name)}) takes it` : undefined
  return refuse(`column ${quote(name)} is ${kind.name}, not a ${wanted}`, {
    at: step.at,
    have,
    hint,
  })
}
