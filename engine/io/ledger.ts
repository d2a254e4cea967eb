/**
 * What the run ledger is kept in, and what stands in it. It is kept in a place of small values under
 * names: a local folder, or a bucket. One record a run; one state for each series of runs that reads
 * from a mark on, and for each interval of a series, changed by compare-and-set alone.
 */
import type { FaultJson } from '../fault.ts'
import type { PlannedInput } from './source.ts'
import type { PublishReceipt } from './warehouse.ts'

/** A value as it was read; `version` changes with each write. */
export interface KeptValue {
  readonly bytes: Uint8Array
  readonly version: string
}

/**
 * Small values by name. Names are of `a-z 0-9 . _ ~ - /` alone, and no longer than 250 bytes between
 * two slashes. Throws resource: the place cannot be read or written.
 */
export interface KeyValues {
  /** Safe to show. */
  readonly uri: string
  get(name: string): Promise<KeptValue | null>
  /** Writes it, whatever stands there; it is whole, or not there, after a crash. */
  put(name: string, bytes: Uint8Array): Promise<void>
  /**
   * Writes it over the version that was read, null where there was none; the new version, or null: another
   * one stands there and nothing was written. Answers once it is kept against a crash of the machine.
   */
  swap(name: string, bytes: Uint8Array, over: string | null): Promise<string | null>
  /** Names that begin so, in code unit order, page by page. */
  list(prefix: string): AsyncIterable<readonly string[]>
}

export type RunStatus =
  | 'running'
  | 'publishing'
  | 'published'
  | 'skipped'
  | 'failed'
  | 'interrupted'

/** The process that runs it, so that another can tell whether it lives. */
export interface RunOwner {
  readonly process: number
  /** Its start as the system counts it. */
  readonly started: string
  readonly host: string
  /** The system's own run. */
  readonly boot: string
  /** Which numbering of processes the number is of: a container has its own. */
  readonly space: string
}

/** Epoch milliseconds [start, end). */
export interface RunInterval {
  readonly start: number
  readonly end: number
}

export type Marks = Readonly<Record<string, string>>

/** What a run wrote to one place. */
export interface RecordedOutput {
  readonly uri: string
  readonly table?: string
  readonly rows: number
  readonly bytes: number
  readonly files: number
  /** SHA-256 over the files' names, sizes and checksums. */
  readonly checksum?: string
}

/** Many of something: the first of them, and a hash over all. */
export interface RecordedInputs {
  readonly count: number
  readonly bytes: number
  readonly hash: string
  readonly first: readonly PlannedInput[]
}

export interface RunRecord {
  readonly format: 1
  readonly runId: string
  readonly pipeline: string
  /** Runs of a pipeline with the same URIs among its parameters are one series. */
  readonly series: string
  readonly interval: RunInterval | null
  /** As text; secrets are left out. */
  readonly params: Readonly<Record<string, string>>
  readonly fingerprint: string
  readonly status: RunStatus
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly endedAt: number | null
  readonly owner: RunOwner
  readonly inputs: RecordedInputs | null
  readonly outputs: readonly RecordedOutput[]
  /** What warehouses answered: the loads' ids, and their jobs. */
  readonly loads: readonly PublishReceipt[]
  readonly rows: { readonly read: number; readonly written: number }
  readonly rejects: readonly { readonly step: string; readonly rows: number }[]
  /** By the sources' names: where reading began, and from where the next run reads. */
  readonly marks: { readonly before: Marks; readonly after: Marks }
  readonly error: FaultJson | null
}

/** A run that has an interval or a series for itself. */
export interface Claim {
  readonly runId: string
  /** The run record's name. */
  readonly record: string
  readonly interval: RunInterval | null
  readonly owner: RunOwner
  /** Epoch milliseconds; renewed while the run is at work. */
  readonly until: number
  /**
   * `running`: nothing was published; `publishing`: it may have been, and a rerun completes it; `published`:
   * it was, and what follows from it may not be written down yet.
   */
  readonly stage: 'running' | 'publishing' | 'published'
  readonly marks: { readonly before: Marks; readonly after: Marks }
}

/** What was published last of a series, or of an interval. */
export interface Published {
  readonly runId: string
  readonly record: string
  readonly interval: RunInterval | null
  readonly at: number
  readonly fingerprint: string
  /** Hash of all that was read. */
  readonly inputs: string
  readonly marksBefore: Marks
}

/** The state of a series, or of an interval of it. */
export interface LedgerState {
  readonly format: 1
  /** New with each write, so that a writer whose answer was lost knows its own. */
  readonly nonce: string
  readonly marks: Marks
  readonly published: Published | null
  readonly claim: Claim | null
}
