/** `Row`: what a lambda sees of a schema or a collection. */
import type { RowOf, Schema } from '../engine/data/schema.ts'
import type { PCollection } from './pcollection.ts'

/**
 * @example
 * const Line = schema({ id: t.utf8, price: t.decimal(10, 2) })
 * type LineRow = Row<typeof Line>
 */
export type Row<S> =
  S extends Schema<infer F> ? RowOf<F> : S extends PCollection<infer F> ? RowOf<F> : never
