/**
 * What a connector answers when it is read. Planning happens once, on the coordinator: `plan` lists
 * the splits, which depend on the input and the settings alone, never on the number of workers.
 * Reading happens in workers: each split is opened there, yields batches in source order, and can be
 * read again from the start, with the same rows.
 */
import type { Batch } from '../data/batch.ts'
import type { AnySchema, Fields, Schema } from '../data/schema.ts'
import type { Condition, LeaveOut } from './condition.ts'

/** A part of a source, to be read by one task. Plain data: it crosses threads and enters manifests. */
export interface Split {
  /** Names the object: a path or URI, safe to show. */
  readonly uri: string
  /** Byte range of it [start, end); end is Infinity where it is read as a whole. */
  readonly start: number
  readonly end: number
  /** Stored bytes that reading it takes, for progress and for the number of partitions. */
  readonly bytes: number
  /** What only the connector understands; structured-cloneable. */
  readonly detail?: unknown
}

export interface SourcePlan {
  readonly splits: readonly Split[]
  /** Identity of each input object: uri, bytes, mtime or generation. Enters the run's key. */
  readonly inputs: readonly { uri: string; bytes: number; version: string }[]
  /** What a person should know of the input, such as columns that are left aside. */
  readonly notes?: readonly string[]
  /**
   * Of an incremental source: up to where this run reads; the same as `since` where nothing is new. It is
   * kept in the run ledger once the run is published.
   */
  readonly mark?: string
  /**
   * Of an incremental source: whether all that its splits hold was there for the run before, as an overlap
   * is read again. Not needed where there are no splits, or where `mark` is `since`.
   */
  readonly nothingNew?: boolean
  /** Rows that no split has, as one of the request's conditions drops them all: how many, and which. */
  readonly skipped?: readonly SkippedRows[]
}

/** `by`: the condition's position. */
export interface SkippedRows {
  readonly rows: number
  readonly by: number
}

/** An input object as it was when the run was planned. */
export type PlannedInput = SourcePlan['inputs'][number]

export interface PlanRequest {
  /** Bytes a split should have, where the source can be split. */
  readonly splitBytes: number
  /** How many splits of much the same number of rows are wanted, where rows are counted and many enough. */
  readonly splits?: number
  /** Rows that one of these drops need not be in any split; as `ReadRequest.leaveOut`. */
  readonly conditions?: readonly Condition[]
  /** Of an incremental source: the mark of the last run that was published; null where there was none. */
  readonly since?: string | null
  /** The run's interval, epoch milliseconds [start, end), where the pipeline has one. */
  readonly interval?: { readonly start: number; readonly end: number } | null
  /** One object for all sources of a run: what they share while it lasts, such as a snapshot, is known by it. */
  readonly scope?: object
  /** What planning may use, where rows are read after it; absent where only the splits' sizes are asked for. */
  readonly room?: PlanRoom
  /** Told while it goes on, so that a run that plans for long shows it. */
  readonly told?: (progress: PlanProgress) => void
}

export interface PlanRoom {
  /** The run's own, which goes with it. */
  readonly folder: string
  readonly memoryBytes: number
  readonly threads: number
}

export interface PlanProgress {
  /** Inputs found so far. */
  readonly found: number
  /** Of those, the ones that were looked into. */
  readonly looked: number
}

/** A row that could not be read. Line and offset count from 1 and 0, in the decompressed source. */
export interface Reject {
  readonly reason: string
  readonly column: string | null
  readonly uri: string | null
  /** Counted from the split's start; the coordinator adds the lines before the split. */
  readonly line: number | null
  readonly offset: number | null
  readonly raw: string
}

/** How a split was left, told when it has been read to its end. */
export interface SplitEnd {
  /** First byte of the first record, and the byte after the last record, in the object. */
  readonly startedAt: number
  readonly endedAt: number
  /** Line breaks between the two. */
  readonly lines: number
}

export interface ReadRequest {
  /** By position in the schema: which columns to decode. A connector may decode more. */
  readonly wanted: readonly boolean[]
  readonly rowsPerBatch: number
  /** Called for each row that cannot be read. */
  reject(reject: Reject): void
  /** Called as stored bytes are consumed, for progress. */
  advance(bytes: number): void
  /** Rows that need not be read. A source that cannot tell them reads all; rows to reject are always read. */
  readonly leaveOut?: LeaveOut
  /** Of the task: what is fetched ahead takes a part of it. */
  readonly memoryBytes?: number
}

export interface SplitReader {
  /** The next batch, null at the end. It and its columns are valid until the next call. */
  next(): Batch | null | Promise<Batch | null>
  /** The same batch again with these columns decoded too; later batches have them as well. */
  widen(wanted: readonly boolean[]): Batch
  end(): SplitEnd | null
  close(): void | Promise<void>
}

export interface Source<in out F extends Fields = Fields> {
  /** The connector: `csv`, `parquet`. */
  readonly format: string
  readonly schema: Schema<F>
  /** What the user gave, without secrets. */
  readonly uri: string
  /** All that decides what is read, without secrets: enters the plan's fingerprint. */
  readonly fingerprint: string
  /** Whether it can tell rows that need not be read (`ReadRequest.leaveOut`). */
  readonly leavesOut?: boolean
  /** Of an incremental source: what its high-water mark is kept under in the run ledger, without secrets. */
  readonly markName?: string
  /**
   * Bytes that its rows take at most as columns, where that is quick to tell; Infinity where it is not.
   * Asked before the plan is optimized. Throws as `plan`.
   */
  bytesMax?(): number
  /** Lists the splits. Throws data: nothing matches, a header is wrong; resource: cannot be read. */
  plan(request: PlanRequest): Promise<SourcePlan>
  open(split: Split, request: ReadRequest): SplitReader | Promise<SplitReader>
  /**
   * Says how an input is no longer as planned, as `it is gone`; null where it is. Asked when it has been
   * read, and where reading it failed. Without it, inputs are taken for unchanging.
   */
  changed?(input: PlannedInput): string | null
  /** What `plan` holds while its splits are read, such as a snapshot, is let go of. Asked at a run's end, however it ends. */
  release?(): Promise<void>
  /**
   * Splits whose start was guessed wrong, by index, with the right start; asked after reading, until
   * the answer is empty. `ends` is in the order of `splits`.
   */
  verify?(splits: readonly Split[], ends: readonly (SplitEnd | null)[]): Map<number, Split>
}
// biome-ignore lint/suspicious/noExplicitAny: a source of whatever fields
export type AnySource = Source<any>

export const isSource = (value: unknown): value is AnySource =>
  typeof value === 'object' && value !== null && 'plan' in value && 'open' in value

export type { AnySchema }
