/** What a run says of itself when it ends: the object that `--json` prints. */
import type { FaultJson } from '../fault.ts'
import type { RejectSample } from './protocol.ts'
import type { Skew } from './skew.ts'

export interface StageReport {
  readonly name: string
  readonly rowsIn: number
  readonly rowsOut: number
  readonly seconds: number
  readonly spilledBytes: number
  readonly tasks: number
}

export interface OutputReport {
  readonly uri: string
  readonly rows: number
  readonly bytes: number
  readonly files: number
  /** The table, where it was loaded into a warehouse. */
  readonly table?: string
}

export interface RunReport {
  readonly status: 'done' | 'failed' | 'interrupted'
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
  readonly counters: readonly {
    readonly step: string
    readonly name: string
    readonly value: number
  }[]
  readonly error?: FaultJson
}
