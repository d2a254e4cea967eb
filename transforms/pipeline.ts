/** `pipeline`: a definition; and what its `build` is given, the root of all collections. */
import { newColumn } from '../engine/data/column.ts'
import {
  type AnySchema,
  type Fields,
  indexOf,
  type RowOf,
  type Schema,
} from '../engine/data/schema.ts'
import { ValueError, writeValue } from '../engine/data/value.ts'
import { isSource, type Source } from '../engine/io/source.ts'
import { Fault } from '../engine/fault.ts'
import type { Definition, RunInfo } from '../engine/plan/definition.ts'
import type { Graph } from '../engine/plan/graph.ts'
import { boundsOf, type Every, type Interval } from '../engine/plan/interval.ts'
import type { Row as PlanRow } from '../engine/plan/node.ts'
import type { ParamSpecs } from '../engine/plan/params.ts'
import { REJECTED } from '../engine/plan/rejected.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { wrap, WrittenNode } from './collection.ts'
import type { Params } from './param.ts'
import type { PCollection, Rejected } from './pcollection.ts'
import { standing } from './standing.ts'
import { namesOf, siteOf } from './step.ts'
import type { Written } from './write.ts'

/** What `read` takes: a connector's answer, or a table that this run writes. */
export type Readable<F extends Fields> = Source<F> | Written<F>
// biome-ignore lint/suspicious/noExplicitAny: a table of whatever fields
type AnyWritten = Written<any>

/** What `build` knows of its run: an interval only where the pipeline has `every`. */
export type RunOf<E> = Omit<RunInfo, 'interval'> &
  (E extends Every ? { readonly interval: Interval } : unknown)

export interface Pipeline {
  /** A source's rows; or, of what `write` answered, the table as it will stand once this run is published. */
  read<F extends Fields>(source: Readable<F>): PCollection<F>
  /** A collection of these rows. */
  create<F extends Fields>(s: Schema<F>, rows: readonly RowOf<NoInfer<F>>[]): PCollection<F>
  /** Every step's rejects. */
  readonly rejects: PCollection<Rejected>
  /** These tables appear to readers together or not at all. */
  publish(...tables: AnyWritten[]): void
}

/**
 * Declares a pipeline. `build` describes it: it is called in each worker with the same parameters, so it
 * must be pure; `run.startedAt` stands in for the clock.
 *
 * `every` cuts time into intervals, of UTC or of a cron line's time zone: a run is for one of them,
 * `run.interval`, and is published once. `skipIf: 'noNewData'`: where no source has anything that the
 * last published run had not read, a run publishes nothing.
 *
 * Throws  pipeline: it has no name or no `build`; `every` is no interval
 * Source  Beam programming guide, creating a pipeline
 * @example
 * export default pipeline({
 *   name: 'revenue',
 *   params: { input: param.uri(), output: param.uri() },
 *   build(p, { input, output }) {
 *     p.read(csv(input, Line)).where({ price: { gt: 0 } }).write(parquet(output))
 *   },
 * })
 */
export function pipeline<
  P extends Params = Record<never, never>,
  E extends Every | undefined = undefined,
>(d: {
  name: string
  every?: E
  skipIf?: 'noNewData'
  params?: P
  build(p: Pipeline, params: { readonly [K in keyof P]: P[K]['param'] }, run: RunOf<E>): void
}): Definition {
  const at = siteOf('pipeline')
  if (typeof d?.name !== 'string' || d.name === '') refuse('the pipeline has no name', { at })
  if (typeof d.build !== 'function') refuse('build is not a function', { at })
  const { every = null, skipIf = null } = d
  if (every !== null) checkEvery(every, at)
  if (skipIf !== null && skipIf !== 'noNewData')
    refuse(`skipIf: ${quote(skipIf)} is not known`, { at, have: ['noNewData'] })
  const params = (d.params ?? {}) as unknown as ParamSpecs
  for (const [name, spec] of Object.entries(params))
    if (typeof spec?.type !== 'string')
      refuse(`parameter ${quote(name)} has no type`, { at, hint: 'such as param.uri()' })
  return {
    definition: d.name,
    params,
    every,
    skipIf,
    construct: (graph, values, run) => d.build(new Root(graph), values as never, run as RunOf<E>),
  }
}

/** Throws pipeline, with the call site. */
function checkEvery(every: Every, at: string): void {
  try {
    boundsOf(every)
  } catch (error) {
    if (error instanceof Fault) error.at ??= at
    throw error
  }
}

class Root implements Pipeline {
  readonly #graph: Graph
  constructor(graph: Graph) {
    this.#graph = graph
  }

  read<F extends Fields>(source: Readable<F>): PCollection<F> {
    const at = siteOf('.read')
    const written = WrittenNode.nodeOf(source, this.#graph, at)
    if (written !== null) {
      return this.#add(standing(written, at))
    }
    if (!isSource(source))
      return refuse('the argument is not a source', {
        at,
        hint:
          'sink' in (source ?? {})
            ? 'a format with a schema is a source: csv(uri, Line)'
            : undefined,
      })
    const name = `read ${source.format} ${source.uri}`
    const { schema } = source
    return this.#add({ type: 'read', op: { source }, inputs: [], schema, name, at })
  }

  create<F extends Fields>(s: Schema<F>, rows: readonly RowOf<NoInfer<F>>[]): PCollection<F> {
    const at = siteOf('.create')
    if (!Array.isArray(s?.list)) refuse('the first argument is not a schema', { at })
    if (!Array.isArray(rows)) refuse('the rows are not an array', { at })
    for (const [i, row] of rows.entries()) checkRow(s, row as PlanRow, i, at)
    const op = { rows: rows.map(row => ({ ...row })) as readonly PlanRow[] }
    return this.#add({
      type: 'create',
      op,
      inputs: [],
      schema: s,
      name: `create ${rows.length} rows`,
      at,
    })
  }

  get rejects(): PCollection<Rejected> {
    const at = siteOf('.rejects')
    return this.#add({ type: 'rejects', op: {}, inputs: [], schema: REJECTED, name: 'rejects', at })
  }

  publish(...tables: AnyWritten[]): void {
    const at = siteOf('.publish')
    if (tables.length === 0) refuse('nothing is published', { at })
    const writes = tables.map((table, i) => {
      const node = WrittenNode.nodeOf(table, this.#graph, at)
      return (
        node ??
        refuse(`argument ${i + 1} was not written`, { at, hint: 'publish what .write(…) answered' })
      )
    })
    this.#graph.publishes.push({ writes, at })
  }

  #add<F extends Fields>(node: Parameters<Graph['add']>[0]): PCollection<F> {
    return wrap(this.#graph, this.#graph.add(node)) as PCollection<F>
  }
}

function checkRow(s: AnySchema, row: PlanRow, index: number, at: string): void {
  if (typeof row !== 'object' || row === null) refuse(`row ${index} is not an object`, { at })
  for (const near of Object.keys(row))
    if (indexOf(s, near) < 0)
      refuse(`row ${index} has column ${quote(near)}, the schema has not`, {
        at,
        have: namesOf(s),
        near,
      })
  for (const { name, kind } of s.list)
    try {
      writeValue(newColumn(kind, 1), 0, row[name])
    } catch (error) {
      if (!(error instanceof ValueError)) throw error
      refuse(`row ${index}, column ${quote(name)}: ${error.message}`, { at })
    }
}
