/** What is drafted: a column each, and how the source must be told to read the file. */
export interface DraftColumn {
  /** As the file calls it. */
  readonly column: string
  /** `t.int32` */
  readonly kind: string
  readonly nullable: boolean
  /** Values of the sample that are of another kind. */
  readonly unfit: number
  /** How its dates are written, where they are not ISO. */
  readonly format?: string
}

export interface Draft {
  readonly format: 'csv' | 'ndjson' | 'parquet'
  /** Rows that were looked at. */
  readonly rows: number
  readonly columns: readonly DraftColumn[]
  /** False where the file has no header line. */
  readonly header: boolean
  /** Null: the usual one. */
  readonly delimiter: string | null
}
