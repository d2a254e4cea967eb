/**
 * What a case is: one question put to several tools over the same files, and how their answers are
 * read back. A case is a file in `cases/`, its Millrace pipeline the file of the same name in
 * `pipelines/`; `cases/index.ts` lists them.
 */
import type pl from 'nodejs-polars'

export type Polars = typeof pl

export const TOOLS = ['millrace', 'millrace-1', 'duckdb', 'polars', 'hand'] as const
/** `millrace-1`: with one worker. `hand`: a program written by hand in JavaScript, on one thread. */
export type Tool = (typeof TOOLS)[number]

export const PEERS: readonly Tool[] = ['duckdb', 'polars']

/** The retail lines, as files of one form each. */
export type InputForm = 'csv' | 'csv.gz' | 'ndjson' | 'parquet'

/** Paths that a contestant is given. */
export interface Places {
  /** A glob of the lines' files. */
  readonly input: string
  /** The products, one CSV file. */
  readonly products: string
  /** A folder of the contestant's own; made and empty. */
  readonly output: string
}

export interface Case {
  readonly title: string
  /** Default 'csv'. */
  readonly input?: InputForm
  /** Whether the pipeline takes `--products`. */
  readonly products?: boolean
  /** Who takes part, the one whose answer counts first. */
  readonly tools: readonly Tool[]
  /** Statements for DuckDB, run in order; the last ones write to `output`. */
  readonly duckdb?: (places: Places) => readonly string[]
  /** The same in Polars, writing to `output`. */
  readonly polars?: (pl: Polars, places: Places) => void
  /** The same by hand. */
  readonly hand?: (places: Places) => void
  /**
   * By name of the output: DuckDB SQL over what a tool wrote to the folder, in one order for all
   * tools. Whole numbers and texts must be equal, numbers with a point up to the error of floats.
   */
  readonly answers: (output: string) => Readonly<Record<string, string>>
  /** Measured again with other numbers of rows. */
  readonly scales?: boolean
}
