/**
 * A record batch: columns of equal length and the rows of it that are alive. Filters do not copy:
 * they shorten `selection`, the ascending list of row indices; whoever needs dense rows gathers.
 */
import type { Column } from './column.ts'
import type { AnySchema } from './schema.ts'

export interface Batch {
  readonly schema: AnySchema
  /** In the schema's order. A column that nobody reads may be absent (null). */
  columns: (Column | null)[]
  /** Rows in the columns, dead ones included. */
  rows: number
  /** Ascending indices of the rows alive, the first `selected` of them; null: all rows. */
  selection: Int32Array | null
  /** How many rows are alive. */
  selected: number
  /** Where the rows came from, if a source knows. */
  origin: Origin | null
  /** Fills in a column that was not decoded; null where all columns are there. */
  widen: ((column: number) => void) | null
}

/** How many rows there are, and which of them count. */
export type Chosen = Pick<Batch, 'rows' | 'selected' | 'selection'>

/** The place of a batch's rows in their source, for rejects, errors and `reify`. */
export interface Origin {
  readonly uri: string
  /** Byte offset of each row in the (decompressed) source; null where the source has none. */
  readonly offsets: Float64Array | null
  /** Index of the first row among the split's rows, for sources without offsets. */
  readonly firstRow: number
}

export const dense = (schema: AnySchema, columns: (Column | null)[], rows: number): Batch => ({
  schema,
  columns,
  rows,
  selection: null,
  selected: rows,
  origin: null,
  widen: null,
})

/** A column of a batch, decoded now if it was not yet. */
export function columnOf(batch: Batch, index: number): Column {
  const column = batch.columns[index]
  if (column) return column
  batch.widen?.(index)
  const widened = batch.columns[index]
  if (!widened) throw new Error(`column ${index} is absent and cannot be decoded`)
  return widened
}

/** The same rows with the columns at `at`, under the schema's names. */
export function project(batch: Batch, schema: AnySchema, at: readonly number[]): Batch {
  const columns = at.map(index => batch.columns[index] ?? null)
  const widen = (index: number) => {
    columns[index] = columnOf(batch, at[index] as number)
  }
  return { ...batch, schema, columns, widen: batch.widen ? widen : null }
}

/** The same rows with these columns in place of the batch's own; those absent are decoded there when they are asked for. */
export function withColumns(batch: Batch, columns: (Column | null)[]): Batch {
  const widen = (index: number) => {
    columns[index] = columnOf(batch, index)
  }
  return { ...batch, columns, widen: batch.widen ? widen : null }
}
