/** From a definition and raw parameters to a plan: parse, build, validate, fingerprint. */
import { Fault, throwSite } from '../fault.ts'
import type { Definition, RunInfo } from './definition.ts'
import { fingerprintOf, hashOf, nodeFingerprint } from './fingerprint.ts'
import { Graph } from './graph.ts'
import type { Plan } from './node.ts'
import { parseParams } from './params.ts'
import { quote, refuse } from './refuse.ts'
import { validate } from './validate.ts'

/**
 * Builds the plan. `params` may be text from a command line. `moduleHash` is the content hash of the
 * pipeline's module, empty where there is none (a test, a REPL). Throws pipeline.
 */
export function buildPlan(
  definition: Definition,
  params: Readonly<Record<string, unknown>>,
  run: RunInfo,
  moduleHash = '',
): Plan {
  const name = definition.definition
  const values = parseParams(name, definition.params, params)
  const graph = new Graph()
  construct(definition, () => definition.construct(graph, values, run))
  validate(graph)
  const { interval } = run
  // A function may have caught its interval, which its text does not show.
  const decides = [name, values, moduleHash, ...(interval ? [interval.start, interval.end] : [])]
  return {
    name,
    nodes: graph.nodes,
    publishes: graph.publishes.map(p => p.writes),
    fingerprint: fingerprintOf(graph.nodes, hashOf(decides)),
    built: graph.nodes.map(n => ({ fingerprint: nodeFingerprint(n), name: n.name, at: n.at })),
  }
}

/** The user's own exception in `build` keeps its stack as the cause. */
function construct(definition: Definition, build: () => unknown): void {
  let result: unknown
  try {
    result = build()
  } catch (error) {
    const at = throwSite(error)
    if (error instanceof Fault) {
      // A source or sink refuses its options without knowing where it was called.
      if (at !== '') error.at ??= at
      throw error
    }
    const message = error instanceof Error ? error.message : String(error)
    throw new Fault('pipeline', `build of ${quote(definition.definition)} threw: ${message}`, {
      ...(at === '' ? {} : { at }),
      cause: error,
    })
  }
  if (result instanceof Promise) {
    result.catch(() => {})
    refuse(`build of ${quote(definition.definition)} is asynchronous`, {
      hint: 'build only describes the pipeline; await inside setup, mapAsync or a source',
    })
  }
}
