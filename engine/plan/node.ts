/**
 * The logical plan: what was asked, as a DAG of nodes. A node holds one operation with all that it
 * needs (names, kinds, the user's closures), the nodes it reads, and the schema of what it yields.
 * Nodes are built by the transforms, never changed, and numbered in the order they were built, which
 * is the same in each thread that builds the same module.
 */
import type { AnySchema } from '../data/schema.ts'
import type { Kind } from '../data/kind.ts'
import type { Test } from '../io/condition.ts'
import type { AnySink } from '../io/sink.ts'
import type { AnySource } from '../io/source.ts'
import type { Aggregate } from './aggregate.ts'

export type Row = { readonly [column: string]: unknown }
export type Rows = Iterable<Row>
export type OnError = 'fail' | 'deadLetter'
/** Side inputs of a node, by the name that the lambda sees. */
export type Sides = readonly { readonly name: string; readonly side: Side }[]
/** A view of a whole collection, built before the nodes that read it run. */
export interface Side {
  readonly view: 'singleton' | 'list' | 'map' | 'multimap'
  readonly key: string | null
  readonly of: Node
}

export type { Test }
export type Order = { readonly by: string; readonly order: 'asc' | 'desc' }
export type Known = 'sourceUri' | 'sourceOffset' | 'runId'

/** Output column ← input column. Serves select, drop, rename. */
export type Projection = { readonly name: string; readonly from: string }

export interface ParDoSpec {
  readonly tags: readonly { readonly tag: string; readonly schema: AnySchema }[]
  /** True where `output` was one schema: emit is a function, not a record of functions. */
  readonly single: boolean
  readonly sides: Sides
  readonly onError: OnError
  readonly setup: (() => unknown) | null
  readonly startBundle: ((c: unknown) => void) | null
  readonly process: (row: Row, c: unknown) => unknown
  readonly finishBundle: ((c: unknown) => unknown) | null
  readonly teardown: ((resource: unknown) => unknown) | null
}

/** A step after a read that drops rows by tests of the source's own columns. */
export interface Skip {
  readonly tests: readonly Test[]
  /** Its number in the plan, and those of the steps between the read and it. */
  readonly step: number
  readonly through: readonly number[]
  readonly reason: string
}

/** How a join runs: its right side whole in each task, or both sides exchanged by key. */
export type JoinHint = 'broadcast' | 'partition'

export type JoinKind = 'inner' | 'left' | 'full' | 'semi' | 'anti'

/** What each operation carries, by its type. */
export interface Operations {
  /**
   * `bytesMax`: what its rows take at most as columns, where that was asked. `skips`: what the next
   * steps drop by named columns, for a source that can tell without reading.
   */
  read: { source: AnySource; bytesMax?: number; skips?: readonly Skip[] }
  /** The table or files that another node of this run writes, as they will stand once published. */
  readWritten: { written: Node }
  create: { rows: readonly Row[] }
  filter: { fn: (row: Row) => unknown; reason: string; onError: OnError }
  where: { tests: readonly Test[]; reason: string }
  dropNulls: { columns: readonly string[]; reason: string }
  fillNulls: { values: readonly { column: string; value: unknown }[] }
  derive: {
    columns: readonly { name: string; kind: Kind; fn: (row: Row, side: unknown) => unknown }[]
    sides: Sides
    onError: OnError
  }
  project: { columns: readonly Projection[] }
  /** A list's elements become rows; or, where `list` is false, a struct's fields columns. */
  unnest: { column: string; list: boolean; keepEmpty: boolean }
  reify: { columns: readonly { name: string; known: Known }[] }
  map: { fn: (row: Row, side: unknown) => unknown; sides: Sides; onError: OnError }
  flatMap: { fn: (row: Row, side: unknown) => unknown; sides: Sides; onError: OnError }
  mapAsync: { fn: (row: Row) => Promise<unknown>; concurrency: number; onError: OnError }
  parDo: ParDoSpec
  /** Rows routed by name: `fn` answers one of `names`. */
  partition: { names: readonly string[]; fn: (row: Row) => unknown }
  /** One output, by tag, of a parDo or a partition (its only input). */
  output: { tag: string }
  /** The dead letter of its input node; with no input, of all nodes. */
  rejects: Record<never, never>
  distinct: Record<never, never>
  distinctBy: { keys: readonly string[]; keep: 'first' | 'last'; by: string }
  aggregate: {
    keys: readonly string[]
    aggregates: readonly { name: string; aggregate: Aggregate }[]
  }
  top: { keys: readonly string[]; n: number; order: Order; rank: string | null }
  /** GroupByKey with a function over each key's rows. */
  groupFlatMap: {
    keys: readonly string[]
    sort: Order | null
    fn: (key: Row, rows: Rows) => unknown
  }
  /** inputs: left, right. `right` lists the right side's columns that are kept, under their new names. */
  join: {
    kind: JoinKind
    leftKeys: readonly string[]
    rightKeys: readonly string[]
    right: readonly Projection[]
    hint: JoinHint | null
  }
  /** inputs: one a tag, in order. */
  coGroup: {
    tags: readonly string[]
    keys: readonly string[]
    fn: (group: Row) => unknown
  }
  flatten: Record<never, never>
  /** `ordered`: rows are only materialised, in their order, not spread. */
  reshuffle: { readonly ordered?: true }
  sortBy: { sort: readonly Order[] }
  write: { sink: AnySink }
}
export type OperationType = keyof Operations

export interface Node<T extends OperationType = OperationType> {
  readonly id: number
  readonly type: T
  readonly op: Operations[T]
  readonly inputs: readonly Node[]
  readonly schema: AnySchema
  /** The user's name for it, or the verb with what tells it apart: `filter "cancelled"`. */
  readonly name: string
  /** The user's call site and verb: `pipelines/retail/pipeline.ts:14  .filter`. */
  readonly at: string
  /** Columns that the optimizer left out: before an exchange by this projection, or of the rows that this step's functions see. */
  readonly pruned?: readonly string[]
  /** Why the optimizer chose as it did. */
  readonly why?: string
}

/** Narrows a node to its operation. */
export const is = <T extends OperationType>(node: Node, type: T): node is Node<T> =>
  node.type === type

export interface Plan {
  readonly name: string
  /** In the order they were built, so every node comes after its inputs. */
  readonly nodes: readonly Node[]
  /** Groups of write nodes that become visible together or not at all. */
  readonly publishes: readonly (readonly Node[])[]
  /** Of the plan, its lambdas' texts and the module's content: equal plans run alike. */
  readonly fingerprint: string
  /** Each node's own fingerprint, name and call site as they were built, so that a mismatch can name the first that differs. */
  readonly built: readonly BuiltNode[]
}

export interface BuiltNode {
  readonly fingerprint: string
  readonly name: string
  readonly at: string
}
