/** The public module `millrace`: declares pipelines. Connectors are in `millrace/io`. */
export { Fault } from '../engine/fault.ts'
export type {
  BigInteger,
  Bool,
  Bytes,
  DateKind,
  DateTime,
  Decimal,
  Float32,
  Float64,
  Int32,
  Int64,
  Kind,
  Nullable,
  OneOf,
  Timestamp,
  Utf8,
} from '../engine/data/kind.ts'
export {
  type Column,
  type Fields,
  type RowOf,
  type Schema,
  schema,
  t,
} from '../engine/data/schema.ts'
export type { Definition, RunInfo } from '../engine/plan/definition.ts'
export type { Every, Interval } from '../engine/plan/interval.ts'
export type { Source } from '../engine/io/source.ts'
export type { OnError } from '../engine/plan/node.ts'
export type { Agg, Aggregates, Totals } from './aggregates.ts'
export { type CoGrouped, coGroupByKey } from './co-group-by-key.ts'
export { type CombineFn, combineFn } from './combine-fn.ts'
export { flatten } from './flatten.ts'
export type { On } from './join-types.ts'
export type { Bundle, DoFn, Emit, Output } from './par-do.ts'
export { type Param, param } from './param.ts'
export type { Grouped, Outputs, PCollection, Rejected } from './pcollection.ts'
export { type Pipeline, pipeline, type Readable } from './pipeline.ts'
export type { Row } from './row.ts'
export type { SideInput } from './side.ts'
export type { Where } from './predicates.ts'
export type { Sink, Written } from './write.ts'
