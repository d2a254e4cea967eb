/** `write`: a collection into a sink. What it answers can be read as the table will stand, and published. */
import type { Fields, Schema } from '../engine/data/schema.ts'
import { type AnySink, snakeCase } from '../engine/io/sink.ts'
import type { Node } from '../engine/plan/node.ts'
import { quote, refuse } from '../engine/plan/refuse.ts'
import { add, columnOf, namesOf, type Step } from './step.ts'

/** C: the columns that the sink's options name; `write` wants them in the collection. */
export interface Sink<out C extends string> {
  readonly sink: string
  readonly columns: readonly C[]
}
/** What a write leaves: `p.read` takes it, as the table or files will stand once this run is published. */
export interface Written<in out F extends Fields> {
  readonly schema: Schema<F>
  /** Where it goes, without secrets. */
  readonly written: string
}

/**
 * Writes the rows. Nothing is visible to readers before the run commits.
 *
 * Shape   PCollection<F> → Written<F>
 * Nulls   as the format has them
 * Cost    a fragment a task and partition value, joined into shards
 * Throws  pipeline: the sink names a column that does not exist, two columns get one name as written, two
 *         writes share an output
 * @example
 * sales.write(parquet(`${output}/sales`, { partitionBy: ['month'] }))
 */
export function write(step: Step, sink: Sink<string>): Node {
  const real = sink as unknown as AnySink
  if (typeof real !== 'object' || real === null || (real.sink !== 'files' && real.sink !== 'table'))
    refuse('the argument is not a sink', {
      at: step.at,
      hint: isSourceLike(sink)
        ? 'without a schema a format is a sink: csv(uri)'
        : 'such as parquet(uri)',
    })
  for (const name of real.columns) columnOf(step, name)
  if (real.options.names === 'snake_case') checkNames(step)
  if (real.sink === 'table' && namesOf(step.node.schema).includes(''))
    refuse(`column "" has no name, which a table cannot have`, {
      at: step.at,
      hint: "rename it first: .rename({ '': 'name' })",
    })
  const target = real.sink === 'table' ? `${real.table}` : real.uri
  return add(step, 'write', { op: { sink: real }, name: `write ${real.format} ${target}` })
}

const isSourceLike = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'open' in value

function checkNames(step: Step): void {
  const seen = new Map<string, string>()
  for (const name of namesOf(step.node.schema)) {
    const written = snakeCase(name)
    const other = seen.get(written)
    if (other !== undefined)
      refuse(`columns ${quote(other)} and ${quote(name)} are both written as ${quote(written)}`, {
        at: step.at,
        hint: "rename one, or write names: 'asIs'",
      })
    seen.set(written, name)
  }
}
