/**
 * A pipeline as its module exports it: nothing is built yet. Each thread that runs it imports the
 * module, finds the definition and builds the plan from the same parameters.
 */
import type { Graph } from './graph.ts'
import type { Every, Interval } from './interval.ts'
import type { ParamSpecs, ParamValues } from './params.ts'
import { quote, refuse } from './refuse.ts'

/** What `build` may know of the run that it builds for. */
export interface RunInfo {
  /** Repeats when a run is resumed. */
  readonly id: string
  /** Epoch milliseconds; stands in for the clock, so that every thread builds the same plan. */
  readonly startedAt: number
  /** Where the pipeline has `every`: the time whose data this run is for. */
  readonly interval?: Interval
}

export interface Definition {
  /** The pipeline's name. */
  readonly definition: string
  readonly params: ParamSpecs
  /** How time is cut, where each run is for an interval of it; null: it is not. */
  readonly every: Every | null
  /** When a run publishes nothing; null: never. */
  readonly skipIf: 'noNewData' | null
  /** Calls the user's `build` on a pipeline over this graph. */
  construct(graph: Graph, params: ParamValues, run: RunInfo): unknown
}

export const isDefinition = (value: unknown): value is Definition =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Definition).definition === 'string' &&
  typeof (value as Definition).construct === 'function'

/** The default, or only, pipeline that a module exports; or the one called `name`. Throws pipeline: there is none, or several. */
export function pipelineOf(module: Readonly<Record<string, unknown>>, name?: string): Definition {
  const found = [...new Set(Object.values(module).filter(isDefinition))]
  const names = found.map(d => d.definition)
  if (name !== undefined) {
    const named = found.find(d => d.definition === name)
    return named ?? refuse(`module exports no pipeline ${quote(name)}`, { have: names, near: name })
  }
  if (isDefinition(module['default'])) return module['default']
  const [only] = found
  if (only === undefined)
    return refuse('module exports no pipeline', {
      have: Object.keys(module),
      hint: 'write: export default pipeline({ name, build(p) { … } })',
    })
  if (found.length > 1)
    refuse(`module exports ${found.length} pipelines and none as default`, {
      have: names,
      hint: 'say which with --export NAME, or export one of them as default',
    })
  return only
}
