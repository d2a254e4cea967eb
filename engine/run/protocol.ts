/**
 * What passes between the coordinator and its workers: plain data that structured clone takes. Blocks
 * cross as handles into shared memory or spill files.
 */
import type { Fragment } from '../io/sink.ts'
import type { Split, SplitEnd } from '../io/source.ts'
import type { FaultJson } from '../fault.ts'
import type { SourceSize } from '../optimize/source-sizes.ts'
import type { Interval } from '../plan/interval.ts'
import type { BuiltNode } from '../plan/node.ts'
import type { AccountTerm } from './operator.ts'
import type { BlockHandle } from './exchange/block.ts'

/** Everything that each thread needs to make the same plan and the same stages. */
export interface RunSettings {
  readonly runId: string
  readonly startedAt: number
  /** Where the pipeline has `every`. */
  readonly interval?: Interval
  /** The module that exports the pipeline; null for one built inline, which runs in this thread. */
  readonly module: string | null
  /** Which of the module's exports, where there are several; null for the default. */
  readonly pipeline: string | null
  readonly params: Readonly<Record<string, unknown>>
  /** False: the plan as written, with only what it needs to run at all. */
  readonly optimize: boolean
  /** Of sources, as the coordinator found them when it chose the plan. */
  readonly sizes: readonly SourceSize[]
  readonly fingerprint: string
  /** The nodes behind the fingerprint. */
  readonly built: readonly BuiltNode[]
  readonly workers: number
  readonly memoryBytes: number
  readonly rowsPerBatch: number
  /** Private folder of this run for spill files and fragments. */
  readonly scratch: string
  /** What spill files may take on disk at once; null: as much as there is. */
  readonly spillBytesMax: number | null
  /** Where an operator may hold this much before it spills; a test sets it low. */
  readonly operatorBytes: number
  /** Replace outputs that exist. */
  readonly overwrite: boolean
}

export interface TaskSpec {
  readonly stage: number
  /** Position among the stage's tasks: decides the order of what it produces. */
  readonly index: number
  readonly attempt: number
  /** How many tasks the stage has. */
  readonly tasks: number
  readonly split: Split | null
  /** Rows that the split may yield; null: all. */
  readonly limit: number | null
  /** Blocks by input of the head, for this task's partition. */
  readonly inputs: readonly (readonly BlockHandle[])[]
  /** Blocks of exchanges that each task reads whole, by exchange id. */
  readonly shared: readonly { readonly exchange: number; readonly blocks: readonly BlockHandle[] }[]
  /** Partition count of each exchange that the stage feeds, and the columns that choose the partition. */
  readonly partitions: readonly {
    readonly exchange: number
    readonly count: number
    readonly keys: readonly string[]
  }[]
  /** For a stage that reads rejects: lines before each split, by stage and task. */
  readonly lines: readonly LineBase[]
}

export interface LineBase {
  readonly stage: number
  readonly task: number
  readonly before: number
}

export interface RejectSample {
  readonly node: number
  readonly reason: string
  readonly column: string | null
  readonly source: string | null
  readonly line: number | null
  readonly offset: number | null
  readonly raw: string
}

export interface WrittenFragment {
  readonly node: number
  /** Hive folders, `month=2011-01-01/`, empty where the sink is not partitioned. */
  readonly folder: string
  readonly fragment: Fragment
}

export interface ExchangeOutput {
  readonly exchange: number
  /** Blocks by partition, in order. */
  readonly blocks: readonly (readonly BlockHandle[])[]
  readonly rows: readonly number[]
  readonly bytes: number
}

export interface TaskResult {
  readonly outputs: readonly ExchangeOutput[]
  readonly rejects: readonly BlockHandle[]
  readonly samples: readonly RejectSample[]
  readonly fragments: readonly WrittenFragment[]
  readonly account: readonly { node: number; term: AccountTerm; rows: number }[]
  readonly dropped: readonly { node: number; reason: string; rows: number }[]
  readonly counters: readonly { node: number; name: string; value: number }[]
  readonly end: SplitEnd | null
  readonly spilledBytes: number
  /** How often its rows were split by key, as they did not fit. */
  readonly splitLevels: number
  readonly seconds: number
}

/** Joins fragments into one file that readers will see. */
export interface AssembleSpec {
  readonly node: number
  readonly fragments: readonly Fragment[]
  readonly path: string
  /** Its checksum is wanted, for the run ledger. */
  readonly checksum?: boolean
}

export interface Assembled {
  readonly bytes: number
  /** CRC-32 of the file. */
  readonly crc32?: number
}

export type Answer<R> = { readonly ok: R } | { readonly fault: FaultJson }
