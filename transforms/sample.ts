/** A source, a sink and a schema for the tests of this folder: they describe, and are never run. */
import { type AnySchema, schema, t } from '../engine/data/schema.ts'
import type { Source } from '../engine/io/source.ts'
import type { Fields, Schema } from '../engine/data/schema.ts'
import { buildPlan } from '../engine/plan/build.ts'
import type { Plan } from '../engine/plan/node.ts'
import { type Pipeline, pipeline } from './pipeline.ts'
import type { Sink } from './write.ts'

export const Line = schema({
  id: t.utf8,
  qty: t.int32,
  price: t.decimal(10, 2),
  at: t.timestamp,
  who: t.int32.nullable,
  status: t.oneOf('open', 'paid'),
  big: t.bigint,
})
export const Name = schema({ id: t.utf8, label: t.utf8, qty: t.int64 })

const never = (): never => {
  throw new Error('a sample is never run')
}

export const sampleSource = <F extends Fields>(s: Schema<F>, uri = 'in.csv'): Source<F> => ({
  format: 'sample',
  uri,
  schema: s,
  fingerprint: `sample ${uri}`,
  plan: never,
  open: never,
})

export function sampleSink<const C extends string = never>(
  uri: string,
  o: { columns?: readonly C[]; names?: 'snake_case' | 'asIs' } = {},
): Sink<C> {
  const { columns = [], names = 'asIs' } = o
  const options = { partitionBy: columns, sortBy: [], names }
  const sink = {
    sink: 'files',
    format: 'sample',
    uri,
    columns,
    options,
    fingerprint: `sample ${uri}`,
  }
  return sink
}

const RUN = { id: 'run', startedAt: 0 }

/** The plan of a pipeline that `build` describes. */
export const planOf = (build: (p: Pipeline) => void): Plan =>
  buildPlan(pipeline({ name: 'sample', build }), {}, RUN)

/** The schema of a collection that `make` builds from lines. */
export function schemaAfter(make: (p: Pipeline) => { readonly schema: AnySchema }): AnySchema {
  let found: AnySchema | undefined
  planOf(p => {
    found = make(p).schema
  })
  return found as AnySchema
}
