/**
 * What a connector answers when it is written. A task writes its rows as one fragment a partition
 * value, in a private folder; `assemble` then joins fragments, in the order of their tasks, into the
 * shards that readers will see, and the engine's commit makes a sink's shards visible in one rename.
 * A fragment depends on its task's rows alone, so that a retried task writes the same bytes.
 */
import type { Batch } from '../data/batch.ts'
import type { AnySchema } from '../data/schema.ts'
import type { OutputPlace, PlaceRequest } from './output-place.ts'
import type { AnySource } from './source.ts'

export interface Fragment {
  readonly path: string
  readonly rows: number
  readonly bytes: number
  /** What `assemble` needs beside the file. Structured-cloneable, and small: a run may have very many. */
  readonly detail?: unknown
}

export interface FragmentWriter {
  /**
   * Takes the batch's selected rows [from, to), all of them by default, as far as the file has room;
   * answers how far it came, which is at least one row of an empty file. Where a file is full follows
   * from its rows alone, not from how they were cut into batches. The batch may be reused afterwards.
   */
  write(batch: Batch, from?: number, to?: number): number | Promise<number>
  /** Ends the fragment. */
  close(): Fragment | Promise<Fragment>
  /** Ends it without result; its file is removed. */
  abort(): void | Promise<void>
  /** Bytes held in memory, for the budget. */
  readonly heldBytes: number
}

export interface FileSinkOptions {
  /** Columns whose values become Hive folders, `month=2011-01-01`; they are left out of the files. */
  readonly partitionBy: readonly string[]
  /** Rows of a shard are sorted by these columns. */
  readonly sortBy: readonly string[]
  readonly rowsPerFile: number | null
  readonly bytesPerFile: number
  /** How columns are named in the files. */
  readonly names: 'snake_case' | 'asIs'
  readonly overwrite: boolean
}

export interface FileSink {
  readonly sink: 'files'
  readonly format: string
  /** Ends each file's name: `.parquet`. */
  readonly extension: string
  /** The output folder, as given. */
  readonly uri: string
  readonly columns: readonly string[]
  readonly options: FileSinkOptions
  readonly fingerprint: string
  /** `schema` has the names as written; the file is full at `bytesMax` bytes or a little later. Called in a worker. */
  open(path: string, schema: AnySchema, bytesMax?: number): FragmentWriter
  /** Joins fragments into one file at `path`; their own files are left alone. Called in a worker. */
  assemble(fragments: readonly Fragment[], path: string, schema: AnySchema): Promise<number>
  /** Where its shards go, if that is no local folder. Called on the coordinator. */
  place?(request: PlaceRequest): Promise<OutputPlace>
}

/** Loads into a warehouse: Parquet shards first, then `Warehouse.load`. */
export interface TableSink {
  readonly sink: 'table'
  readonly format: string
  /** The warehouse, without secrets. */
  readonly uri: string
  readonly table: string
  readonly columns: readonly string[]
  readonly options: TableOptions
  readonly fingerprint: string
  /** The shards' format: a Parquet file sink into this folder. */
  staging(folder: string): FileSink
  /** Reads what `Warehouse.preview` wrote to `path`; columns in it are named as written. */
  standing(path: string, schema: AnySchema): AnySource
  /** The warehouse itself, opened on the coordinator. */
  connect(limits: WarehouseLimits): Promise<import('./warehouse.ts').Warehouse>
}

export interface WarehouseLimits {
  readonly memoryBytes: number
  readonly threads: number
  readonly tempDirectory: string
}

export interface TableOptions {
  readonly mode: 'replace' | 'append' | 'replacePartition' | 'merge'
  readonly key: readonly string[]
  readonly latest: string | null
  readonly deleted: string | null
  readonly partition: TablePartition | null
  readonly cluster: readonly string[]
  readonly names: 'snake_case' | 'asIs'
  readonly audit: readonly unknown[]
  /** Of warehouses that have it; others leave it aside. */
  readonly layout?: TableLayout
}

/** By the time in a column, or by ranges of `step` of an integer column from `start`, below `end`. */
export type TablePartition =
  | { readonly by: string; readonly unit: 'hour' | 'day' | 'month' | 'year' }
  | {
      readonly by: string
      readonly range: { readonly start: number; readonly end: number; readonly step: number }
    }

/** How a table is described to those who use it. */
export interface TableLayout {
  readonly requirePartitionFilter: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly description: string | null
  /** By column, as written. */
  readonly columnDescriptions: Readonly<Record<string, string>>
}

/** Where a load's files lie on their way, and where the table lies; null: what the warehouse takes itself. */
export interface TablePlace {
  readonly staging: string | null
  readonly location: string | null
}

export type AnySink = FileSink | TableSink

/** `InvoiceNo`, `invoiceNo` and `invoice no` become `invoice_no`. */
export const snakeCase = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .toLowerCase()
