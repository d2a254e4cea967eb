/**
 * What a warehouse must answer, kept to what an embedded database and a cloud one can both do:
 *
 *     check      reachable, writable, not held by another process, tables have the columns that are
 *                written; before anything is read
 *     stage      Parquet shards in bulk into a staging table of their own
 *     preview    a staged table as it will stand, as one Parquet file; changes nothing
 *     publish    one transaction: every staged table takes its place, the audits run on the tables as
 *                they will stand, and either all of it becomes visible or none
 *     abandon    removes staging tables
 *
 * Everything may be repeated after a crash. Replacing, merging and replacing partitions are idempotent
 * by what they do; an append is remembered by the load's id, and done once while its table stands: a
 * table that was dropped or replaced since has forgotten it.
 */
import type { Field } from '../data/schema.ts'
import type { TableOptions } from './sink.ts'

export interface TableLoad {
  /** Hash of the manifest: table, mode, schema, shards with sizes and checksums. */
  readonly id: string
  readonly table: string
  /** Columns as written; shards are matched by name. */
  readonly columns: readonly Field[]
  /** Local paths. Their order decides between equal `latest` of a merge: the later one wins. */
  readonly files: readonly string[]
  readonly rows: number
  /** Names in it are as written. */
  readonly options: TableOptions
  /**
   * Tables of one number belong together: they become visible in one step. Null: it may become visible by
   * itself, where a warehouse cannot publish all of a run in one transaction.
   */
  readonly together?: number | null
  /** The user's call site. */
  readonly at: string
}

/** A test of a published table; a failed one publishes nothing. Text is a query that must return no rows. */
export type Audit =
  | string
  | { readonly audit: 'unique'; readonly columns: readonly string[] }
  | { readonly audit: 'notNull'; readonly columns: readonly string[] }
  | {
      readonly audit: 'accepted'
      readonly column: string
      readonly values: readonly (string | number | boolean)[]
    }
  | {
      readonly audit: 'relationship'
      readonly column: string
      readonly to: string
      readonly toColumn: string
    }
  | { readonly audit: 'rowCount'; readonly min: number | null; readonly max: number | null }

export interface PublishReceipt {
  readonly id: string
  readonly table: string
  /** Rows staged. */
  readonly rows: number
  /** An earlier, interrupted run had done this append: it was left as it stands. */
  readonly adopted: boolean
  /** Ids of the jobs that published it, where the warehouse has jobs. */
  readonly jobs?: readonly string[]
  /** Jobs by which its shards were staged; none where an earlier run had staged them. */
  readonly loadJobs?: readonly LoadJob[]
  /** What of the service's limits is used up, this load included; where it has such limits. */
  readonly usage?: readonly Usage[]
}

export interface LoadJob {
  readonly id: string
  /** Objects that it read, and their bytes. */
  readonly uris: number
  readonly bytes: number
}

/** How much of a limit is used up. */
export interface Usage {
  /** `modifications today` */
  readonly what: string
  /** Null: it could not be counted, for the reason `why`. */
  readonly used: number | null
  readonly of: number
  /** There may be more than were counted. */
  readonly atLeast?: boolean
  readonly why?: string
  /** What to do where little is left. */
  readonly hint: string
}

/** At this share of a limit it is time to load less often. */
const NEAR = 0.8

export const isNear = ({ used, of }: Pick<Usage, 'used' | 'of'>): boolean =>
  used !== null && used >= of * NEAR

/** What a run is going to load: all of a load that is known before its rows. */
export type Target = Pick<TableLoad, 'table' | 'columns' | 'options' | 'together' | 'at'>

export interface Warehouse {
  readonly uri: string
  /** How many loads may be staged at once. One after the other where absent. */
  readonly stagesMax?: number
  /**
   * `targets`: all that the run loads here. Throws resource: it cannot be opened or written, another process
   * holds it, or a limit of the service leaves no room for a load; pipeline, data: what `stage` and `publish`
   * would refuse of the columns, as tables stand now.
   */
  check(targets?: readonly Target[]): Promise<void>
  /** Throws pipeline: options do not fit the columns; data: shards cannot be read or do not fit. */
  stage(load: TableLoad): Promise<void>
  /** Writes `table` as it will stand once these staged loads are published to one file; its rows. */
  preview(loads: readonly TableLoad[], table: string, path: string): Promise<number>
  /**
   * `begun` is told before what is not undone by a failure; one that publishes in a single transaction
   * need not tell it. Throws data: an audit failed; staging is kept until a later load of the table succeeds.
   */
  publish(loads: readonly TableLoad[], begun?: () => void): Promise<readonly PublishReceipt[]>
  abandon(loads: readonly TableLoad[]): Promise<void>
  /**
   * Rows as objects, all of them in memory: 64-bit integers as bigint, decimals as the nearest number,
   * dates and timestamps as Date, bytes as Buffer.
   */
  query(sql: string): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}
