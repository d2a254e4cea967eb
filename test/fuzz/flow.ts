/** What random steps work on: a collection, and the query that gives the same rows. */
import type { PCollection } from 'millrace'
import { isNested } from '../../engine/data/kind.ts'
import { type AnySchema, type Field, schemaOf } from '../../engine/data/schema.ts'
import type { Random } from './random.ts'

// biome-ignore lint/suspicious/noExplicitAny: collections of whatever fields
export type Any = PCollection<any>

export interface Flow {
  readonly of: Any
  readonly schema: AnySchema
  /** The query that gives the same rows; null where SQL cannot say it. */
  readonly sql: string | null
  /** The rows have the interpreter's order. */
  readonly ordered: boolean
}

export interface Around {
  readonly r: Random
  /** Another table, to join with; its first column is a key of the same kind as `flow`'s first one's. */
  readonly other: Flow
  /** Exchanges keep the interpreter's order: they have one partition. */
  readonly onePartition: boolean
  /** Where a step's refused rows go. */
  reject(rejects: Any): void
}
export type Step = (flow: Flow, a: Around) => Flow | null

export const q = (name: string): string => `"${name}"`
export const list = (names: readonly string[]): string => names.map(q).join(', ')
export const names = (s: AnySchema): string[] => s.list.map(f => f.name)
export const schemaAt = (of: Any): AnySchema => (of as unknown as { schema: AnySchema }).schema

/** A step after a flow: `sql` has `$` where the query before it goes. */
export function after(flow: Flow, of: Any, sql: string | null, ordered = flow.ordered): Flow {
  const query =
    sql === null || flow.sql === null ? null : sql.replaceAll('$', () => `(${flow.sql})`)
  return { of, schema: schemaAt(of), sql: query, ordered }
}

/** Those that may be keys, or have an order. */
export const plain = ({ list: fields }: AnySchema): AnySchema =>
  schemaOf(fields.filter(f => !isNested(f.kind)))

/** Some columns: at least one. */
export function some(r: Random, { list: fields }: AnySchema): Field[] {
  const picked = fields.filter(() => r.chance(0.4))
  return picked.length > 0 ? picked : [r.pick(fields)]
}
export const tagged = (s: AnySchema, ...tags: string[]): Field[] =>
  s.list.filter(f => tags.includes(f.kind.tag))

/** Any value as text, for functions that pack values. */
export const text = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))
