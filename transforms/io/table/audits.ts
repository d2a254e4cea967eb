/** Makers of audits. */
import type { Audit } from '../../../engine/io/warehouse.ts'

/** Tests of a table as it will stand. Columns are named as written. */
export const audits = {
  unique: (...columns: string[]): Audit => ({ audit: 'unique', columns }),
  notNull: (...columns: string[]): Audit => ({ audit: 'notNull', columns }),
  accepted: (column: string, values: readonly (string | number | boolean)[]): Audit => ({
    audit: 'accepted',
    column,
    values,
  }),
  relationship: (column: string, to: string, toColumn: string): Audit => ({
    audit: 'relationship',
    column,
    to,
    toColumn,
  }),
  rowCount: (o: { min?: number; max?: number }): Audit => ({
    audit: 'rowCount',
    min: o.min ?? null,
    max: o.max ?? null,
  }),
  /** SQL that must return no rows. */
  sql: (query: string): Audit => query,
}
