/** `coGroupByKey`: the rows of several collections that share a key, together. */
import { sameKind } from '../engine/data/kind.ts'
import type { AnySchema, Fields, RowOf, Schema } from '../engine/data/schema.ts'
import type { Node } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { Collection, wrap } from './collection.ts'
import type { PCollection } from './pcollection.ts'
import { add, checkFunction, checkSchema, columnOf, columnsOf, siteOf, type Step } from './step.ts'

export type Tagged = { readonly [tag: string]: Fields }
export interface CoGrouped<in out M extends Tagged, in out K extends string> {
  /** A function of each key and its rows, by the names given; each can be walked once. */
  flatMap<G extends Fields>(
    out: Schema<G>,
    fn: (
      group: { readonly key: { readonly [C in K]: M[keyof M][C]['value'] } } & {
        readonly [N in keyof M]: Iterable<RowOf<M[N]>>
      },
    ) => Iterable<RowOf<G>>,
  ): PCollection<G>
}

/**
 * Groups collections by columns that all of them have, by one name and of one kind. A key that only some
 * have comes too, with no rows of the others.
 *
 * Shape   one PCollection a name → PCollection<G>; any number of rows
 * Nulls   null keys are equal and make a group
 * Cost    an exchange of each by the keys and a sort; never a whole group in memory
 * Throws  pipeline: a key does not exist, kinds differ, a collection is named "key"; data: the function threw
 * Source  Beam programming guide, CoGroupByKey
 * @example
 * coGroupByKey({ items, payments }, 'orderId').flatMap(Settled, function* ({ key, items, payments }) {
 *   yield { orderId: key.orderId, items: [...items].length, payments: [...payments].length }
 * })
 */
export function coGroupByKey<M extends Tagged, const K extends keyof M[keyof M] & string>(
  of: { readonly [N in keyof M]: PCollection<M[N]> },
  on: K | readonly K[],
): CoGrouped<M, K> {
  const at = siteOf('coGroupByKey')
  const entries = Object.entries(of ?? {})
  const [first] = entries
  if (first === undefined) return refuse('no collection is grouped', { at })
  const graph = Collection.graphOf(first[1], at)
  const inputs = entries.map(([, collection]) => Collection.nodeOf(collection, { at, graph }))
  const step: Step = { graph, node: inputs[0] as Node, at }
  const tags = entries.map(([tag]) => tag)
  if (tags.includes('key'))
    refuse('a collection is named "key", which is the place of the key', { at })
  const keys = keysOf(step, typeof on === 'string' ? [on] : on, inputs)
  const flatMap = (out: AnySchema, fn: (group: object) => unknown) => {
    const here = { ...step, at: siteOf('.flatMap') }
    checkSchema(here, out)
    checkFunction(here, fn, 'the second argument')
    const name = `coGroup ${tags.join(' ')} by ${keys.join(' ')}`
    return wrap(graph, add(here, 'coGroup', { op: { tags, keys, fn }, name, schema: out, inputs }))
  }
  return { flatMap } as unknown as CoGrouped<M, K>
}

function keysOf(step: Step, on: readonly string[], inputs: readonly Node[]): string[] {
  const fields = columnsOf(step, on)
  for (const { schema } of inputs)
    for (const { name, kind } of fields) {
      const other = columnOf(step, name, schema).kind
      if (!sameKind(kind, other))
        refuse(
          `key ${quote(name)} is ${kind.required.name} here and ${other.required.name} there`,
          { at: step.at },
        )
    }
  return fields.map(f => f.name)
}
