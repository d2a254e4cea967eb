/** `derive`: one lambda a column, its declared kind beside it. */
import { schemaOf } from '../engine/data/schema.ts'
import type { Node, OnError, Row } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { type Sides, sidesOf } from './side.ts'
import { add, checkFunction, checkOptions, isKind, onErrorOf, type Step } from './step.ts'

export interface SideOptions<S extends Sides> {
  /** Views of other collections: the lambda's second argument. */
  side?: S
  onError?: OnError
}

/**
 * Adds columns, or replaces them: each has its kind and a function of the row before the dot. A lambda
 * does not see the columns derived beside it.
 *
 * Shape   PCollection<F> → PCollection<F + columns>; all rows
 * Nulls   a lambda sees null as null, and may return it where the kind is nullable
 * Cost    fused into its stage; the result goes straight into a typed array
 * Throws  pipeline: a kind or function is missing; data: a lambda threw, or its result does not fit the
 *         kind (unless onError is 'deadLetter')
 * @example
 * lines.derive({ revenue: [t.decimal(14, 3), r => r.quantity * r.unitPrice] })
 */
export function derive(
  step: Step,
  columns: Readonly<Record<string, unknown>>,
  o: SideOptions<Sides> = {},
): Node {
  checkOptions(step, o, ['side', 'onError'])
  const derived = Object.entries(columns ?? {}).map(([name, pair]) => derivedOf(step, name, pair))
  if (derived.length === 0) refuse('no column is derived', { at: step.at })
  const kinds = new Map(derived.map(d => [d.name, d.kind]))
  const kept = step.node.schema.list.map(f => ({ name: f.name, kind: kinds.get(f.name) ?? f.kind }))
  const old = new Set(kept.map(f => f.name))
  const added = derived.filter(d => !old.has(d.name)).map(({ name, kind }) => ({ name, kind }))
  const op = { columns: derived, sides: sidesOf(step, o.side), onError: onErrorOf(step, o.onError) }
  const name = `derive ${[...kinds.keys()].join(' ')}`
  return add(step, 'derive', { op, name, schema: schemaOf([...kept, ...added]) })
}

function derivedOf(step: Step, name: string, pair: unknown) {
  const [kind, fn] = Array.isArray(pair) ? pair : []
  if (!isKind(kind))
    return refuse(`column ${quote(name)} has no kind`, {
      at: step.at,
      hint: `write ${name}: [t.float64, r => …]`,
    })
  checkFunction(step, fn, `the second part of column ${quote(name)}`)
  return { name, kind, fn: fn as (row: Row, side: unknown) => unknown }
}
