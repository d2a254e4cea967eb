/** Side inputs: a view of a whole collection, seen by the lambdas of another. */
import type { RowOf, Fields } from '../engine/data/schema.ts'
import type { Side, Sides as PlanSides } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { columnOf, type Step } from './step.ts'

export interface SideInput<out V> {
  /** Exists in types only: what a lambda sees. */
  readonly view: V
}
// biome-ignore lint/suspicious/noExplicitAny: the top of a covariant parameter
export type Sides = { readonly [name: string]: SideInput<any> }
export type SideValues<S extends Sides> = { readonly [K in keyof S]: S[K]['view'] }
export type Rows<F extends Fields> = readonly RowOf<F>[]

class View {
  readonly side: Side
  constructor(side: Side) {
    this.side = side
  }
}

function view<V>(side: Side): SideInput<V> {
  return new View(side) as unknown as SideInput<V>
}

/**
 * The collection's only row, as a side input.
 *
 * Shape   PCollection<F> → SideInput<row>
 * Cost    the collection is computed before the steps that see it
 * Throws  data: it has no row, or more than one
 * Source  Beam programming guide, side inputs
 * @example
 * const total = sales.aggregate(g => ({ revenue: g.sum('revenue') })).asSingleton()
 * sales.derive({ share: [t.float64, (r, s) => r.revenue / s.total.revenue] }, { side: { total } })
 */
export const asSingleton = <V>(step: Step): SideInput<V> =>
  view({ view: 'singleton', key: null, of: step.node })

/**
 * All rows, as an array; in the collection's order.
 *
 * Shape   PCollection<F> → SideInput<rows>
 * Cost    held in memory by each worker: meant for small collections
 * @example
 * const rules = p.read(csv('rules.csv', Rule)).asList()
 */
export const asList = <V>(step: Step): SideInput<V> =>
  view({ view: 'list', key: null, of: step.node })

/**
 * Rows by key, one a key.
 *
 * Shape   PCollection<F> → SideInput<Map<key, row>>
 * Nulls   a null key is a key
 * Cost    held in memory by each worker: meant for small collections; join large ones
 * Throws  pipeline: the column does not exist; data: two rows have one key
 * @example
 * const rates = p.read(csv('rates.csv', Rate)).asMap('currency')
 */
export const asMap = <V>(step: Step, key: string): SideInput<V> =>
  view({ view: 'map', key: columnOf(step, key).name, of: step.node })

/**
 * Rows by key, any number a key, in the collection's order.
 *
 * Shape   PCollection<F> → SideInput<Map<key, rows>>
 * Nulls   a null key is a key
 * Cost    held in memory by each worker
 * Throws  pipeline: the column does not exist
 * @example
 * const prices = p.read(csv('prices.csv', Price)).asMultimap('productId')
 */
export const asMultimap = <V>(step: Step, key: string): SideInput<V> =>
  view({ view: 'multimap', key: columnOf(step, key).name, of: step.node })

/** The plan's form of a `side` option. Throws pipeline: a value is no side input, or another pipeline's. */
export function sidesOf(step: Step, side: Sides | undefined): PlanSides {
  return Object.entries(side ?? {}).map(([name, value]) => {
    if (!((value as unknown) instanceof View))
      return refuse(`side ${quote(name)} is not a side input`, {
        at: step.at,
        hint: 'make one with .asMap, .asMultimap, .asList or .asSingleton',
      })
    const { side: made } = value as unknown as View
    if (!step.graph.has(made.of))
      refuse(`side ${quote(name)} belongs to another pipeline`, { at: step.at })
    return { name, side: made }
  })
}
