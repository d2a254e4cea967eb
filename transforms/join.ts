/** The joins: by columns of equal kind, under one name or two. */
import { sameKind, type Kind } from '../engine/data/kind.ts'
import { type Field, schemaOf, t } from '../engine/data/schema.ts'
import type { JoinHint, JoinKind, Node, Projection } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { add, checkOptions, columnOf, columnsOf, namesOf, type Step } from './step.ts'

export interface JoinOptions {
  /** A column of both sides, several, or left name → right name. */
  on: unknown
  /** Put before the names of the right side's columns. */
  prefix?: string
  /** How to run it, where the engine's own choice is not wanted. */
  hint?: JoinHint
}
type Pairs = readonly { readonly left: Field; readonly right: Field }[]

/**
 * Joins two collections: each pair of rows with equal keys becomes one row. `join` keeps pairs only,
 * `leftJoin` also the left rows without partner, `fullJoin` those of both sides.
 *
 * Shape   PCollection<F>, PCollection<G> → PCollection<F + G without its keys>
 * Nulls   a null key equals nothing; the columns of a missing partner are null
 * Cost    a right side of up to 16 MB (rows in the pipeline, uncompressed text files) is held by every
 *         worker, else both are exchanged by key; spills
 * Throws  pipeline: a key does not exist, kinds differ, a name is on both sides (give a prefix)
 * Source  Beam's Join library; SQL
 * @example
 * items.join(orders, { on: 'orderId' }).leftJoin(products, { on: { productId: 'id' }, prefix: 'product_' })
 */
export function join(
  step: Step,
  kind: 'inner' | 'left' | 'full',
  right: Node,
  o: JoinOptions,
): Node {
  checkOptions(step, o, ['on', 'prefix', 'hint'])
  const pairs = pairsOf(step, right, o?.on)
  const prefix = o.prefix ?? ''
  const rightKeys = new Set(pairs.map(p => p.right.name))
  const taken = right.schema.list.filter(f => !rightKeys.has(f.name))
  const columns = taken.map(f => ({ name: `${prefix}${f.name}`, from: f.name }))
  checkClashes(step, columns, prefix)
  const fields = taken.map((f, i) => ({
    name: (columns[i] as Projection).name,
    kind: kind === 'inner' ? f.kind : f.kind.nullable,
  }))
  const left = step.node.schema.list.map(f => (kind === 'full' ? fullField(f, pairs) : f))
  const op = {
    kind: kind as JoinKind,
    ...keysOf(pairs),
    right: columns,
    hint: hintOf(step, o.hint),
  }
  const name = `${kind === 'inner' ? 'join' : `${kind}Join`} on ${namesOfPairs(pairs)}`
  return add(step, 'join', {
    op,
    name,
    schema: schemaOf([...left, ...fields]),
    inputs: [step.node, right],
  })
}

/**
 * The rows whose key is in the other collection (`semiJoin`), or is not (`antiJoin`); no column is added
 * and no row repeats.
 *
 * Shape   PCollection<F>, PCollection<G> → PCollection<F>: at most as many rows
 * Nulls   a null key is in no collection: semiJoin drops it, antiJoin keeps it
 * Cost    as `join`, the right side's keys only
 * Throws  pipeline: a key does not exist, kinds differ
 * Source  SQL's EXISTS and NOT EXISTS
 * @example
 * items.semiJoin(orders, { on: 'orderId' })
 */
export function semiJoin(
  step: Step,
  kind: 'semi' | 'anti',
  right: Node,
  o: Omit<JoinOptions, 'prefix'>,
): Node {
  checkOptions(step, o, ['on', 'hint'])
  const pairs = pairsOf(step, right, o?.on)
  const op = { kind: kind as JoinKind, ...keysOf(pairs), right: [], hint: hintOf(step, o.hint) }
  return add(step, 'join', {
    op,
    name: `${kind}Join on ${namesOfPairs(pairs)}`,
    inputs: [step.node, right],
  })
}

const namesOfPairs = (pairs: Pairs): string =>
  pairs.map(({ left: { name: l }, right: { name: r } }) => (l === r ? l : `${l}=${r}`)).join(' ')

const keysOf = (pairs: Pairs) => ({
  leftKeys: pairs.map(p => p.left.name),
  rightKeys: pairs.map(p => p.right.name),
})

function pairsOf(step: Step, right: Node, on: unknown): Pairs {
  const named = typeof on === 'string' ? [on] : on
  if (typeof named !== 'object' || named === null)
    return refuse('the join has no key', {
      at: step.at,
      hint: "on: 'orderId', or { left: 'right' }",
    })
  const names: [string, unknown][] = Array.isArray(named)
    ? named.map(n => [n, n])
    : Object.entries(named)
  const lefts = columnsOf(
    step,
    names.map(([l]) => l),
  )
  const rights = names.map(([, r]) => columnOf(step, r, right.schema))
  columnsOf(
    step,
    rights.map(f => f.name),
    right.schema,
  )
  return lefts.map((left, i) => {
    const other = rights[i] as Field
    if (!sameKind(left.kind, other.kind))
      refuse(
        `join key ${quote(left.name)} is ${left.kind.required.name}, ${quote(other.name)} is ${other.kind.required.name}`,
        {
          at: step.at,
          hint: 'keys need the same kind: derive one of the two first',
        },
      )
    return { left, right: other }
  })
}

function checkClashes(step: Step, columns: readonly Projection[], prefix: string): void {
  const left = new Set(namesOf(step.node.schema))
  const clashes = columns.filter(c => left.has(c.name)).map(c => c.name)
  if (clashes.length > 0)
    refuse(`both sides have ${clashes.map(quote).join(', ')}`, {
      at: step.at,
      hint: prefix === '' ? "give a prefix: { on, prefix: 'right_' }" : 'give another prefix',
    })
}

/** A full join's key is whichever side has it; other left columns may be missing. */
function fullField(field: Field, pairs: Pairs): Field {
  const pair = pairs.find(p => p.left.name === field.name)
  if (pair === undefined) return { name: field.name, kind: field.kind.nullable }
  const kind = eitherKind(pair.left.kind.required, pair.right.kind.required)
  const optional = pair.left.kind.optional || pair.right.kind.optional
  return { name: field.name, kind: optional ? kind.nullable : kind }
}

/** Two closed sets of values: the one that holds the other, else any text. */
function eitherKind(left: Kind, right: Kind): Kind {
  if (left.values === null) return left
  const holds = right.values?.every(v => left.values?.includes(v)) ?? false
  return holds ? left : t.utf8
}

function hintOf(step: Step, hint: JoinOptions['hint']): JoinHint | null {
  const have = ['broadcast', 'partition']
  if (hint !== undefined && !have.includes(hint))
    refuse(`hint ${quote(hint)} does not exist`, { at: step.at, have, near: String(hint) })
  return hint ?? null
}
