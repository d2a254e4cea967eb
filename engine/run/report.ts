/** What a run says of itself when it ends: the object that `--json` prints. */
import type { FaultJson } from '../fault.ts'
import type { LoadJob, Usage } from '../io/warehouse.ts'
import type { Resumed } from './checkpoint/checkpoint.ts'
import type { RejectSample } from './protocol.ts'
import type { Skew } from './skew.ts'

export interface StageReport {
  readonly name: string
  readonly rowsIn: number
  readonly rowsOut: number
  readonly seconds: number
  readonly spilledBytes: number
  /** How often rows that did not fit were split by key: 0 never, 2 where a part was split again. */
  readonly splitLevels: number
  readonly tasks: number
}

export interface OutputReport {
  readonly uri: string
  readonly rows: number
  readonly bytes: number
  readonly files: number
  /** The table, where it was loaded into a warehouse. */
  readonly table?: string
  /** By which its files came into the warehouse, where that has load jobs. */
  readonly loadJobs?: readonly LoadJob[]
  /** What of the warehouse's limits is used up. */
  readonly usage?: readonly Usage[]
  /** Of its files, where the run is written down in a ledger. */
  readonly checksum?: string
}

export interface RunReport {
  readonly status: 'done' | 'skipped' | 'failed' | 'interrupted'
  /** Why it was skipped: nothing was published. */
  readonly skippedAs?: 'already published' | 'no new data'
  /** Epoch milliseconds, where the pipeline has intervals. */
  readonly interval?: { readonly start: number; readonly end: number }
  /** An earlier interval whose run died while it was published: it must be run first. */
  readonly unfinished?: { readonly start: number; readonly end: number }
  readonly pipeline: string
  readonly runId: string
  readonly seconds: number
  readonly peakRssBytes: number
  readonly rows: {
    readonly read: number
    readonly created: number
    readonly written: number
    readonly rejected: number
    readonly filtered: number
    readonly merged: number
  }
  readonly bytes: { readonly read: number; readonly written: number }
  readonly stages: readonly StageReport[]
  readonly outputs: readonly OutputReport[]
  /** What the sources found that a person should know, such as columns that are left aside. */
  readonly notes: readonly string[]
  /** Keys that so many rows have that one task had most of the work. */
  readonly hotKeys: readonly Skew[]
  /** Rows dropped, by step and reason. */
  readonly dropped: readonly {
    readonly step: string
    readonly reason: string
    readonly rows: number
  }[]
  /** Rows rejected, by step, with the first few of each. */
  readonly rejects: readonly {
    readonly step: string
    readonly rows: number
    readonly samples: readonly RejectSample[]
  }[]
  /** Rows that a source did not read, as its statistics showed which step drops them; they are counted there too. */
  readonly skipped: readonly { readonly step: string; readonly rows: number }[]
  readonly counters: readonly {
    readonly step: string
    readonly name: string
    readonly value: number
  }[]
  /** What was not done again, as a dead run had done it; where the run was asked to resume and found one. */
  readonly resumed?: Resumed
  /** What of a run that did not end well `--resume` takes up, and where it lies. */
  readonly kept?: { readonly folder: string; readonly tasks: number; readonly seconds: number }
  readonly error?: FaultJson
}
