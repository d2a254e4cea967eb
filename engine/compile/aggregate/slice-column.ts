/**
 * A column that is filled again for each slice of groups: as much memory as one slice takes, which
 * stays in the cache, instead of a column over all groups.
 */
import { type Column, lanes, newColumn } from '../../data/column.ts'
import type { Kind } from '../../data/kind.ts'

export class SliceColumn {
  readonly kind: Kind
  #column: Column
  #rows = 0

  /** `kind`: of fixed width. */
  constructor(kind: Kind) {
    this.kind = kind
    this.#column = newColumn(kind, 0)
  }

  /** The column for so many rows, to be written in full: its values are those of the last slice. */
  of(rows: number): Column {
    if (rows > this.#rows) {
      this.#column = newColumn(this.kind, rows)
      this.#rows = rows
    }
    const { kind, values, valid } = this.#column
    return {
      kind,
      values: values.subarray(0, rows * lanes(kind)),
      valid: valid === null ? null : valid.subarray(0, rows),
      pool: null,
    }
  }
}
