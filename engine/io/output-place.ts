/**
 * Where the shards of a file sink become visible: a local folder, or a prefix of an object store. The
 * engine builds each shard as a local file; a place that is elsewhere sends it, unseen, while others
 * are built, and `commit` shows all of them at once.
 *
 *     begin     marks the output as being written by this run
 *     prepare   refuses an output that exists; removes what dead runs left
 *     shard     the local file that a shard is built in
 *     send      the shard is built: it leaves, and its file with it
 *     commit    readers see the output
 *     end       removes the mark, once all outputs of the run are seen
 *     abandon   removes what readers do not see yet, and the mark
 */
import type { AnySchema } from '../data/schema.ts'

/** Which process writes; another one asks whether it lives. */
export interface PlaceOwner {
  /** 0: its run has ended. */
  readonly process: number
  readonly started: string
  readonly host: string
  readonly boot: string
  /** Which numbering of processes the number is of: a container has its own. Absent: not known. */
  readonly space?: string
}

export interface PlaceRequest {
  /** 16 hexadecimal digits of what the run is: a rerun of the same plan, parameters and inputs has the same. */
  readonly key: string
  readonly overwrite: boolean
  /** The user's call site. */
  readonly at: string
  /** Columns as written. */
  readonly schema: AnySchema
  /** A local folder of the run, for shards on their way; made when the first one is built. */
  readonly scratch: string
  /** What buffers of uploads may hold, in bytes. */
  readonly bufferBytes: number
  readonly owner: PlaceOwner
  /** Null where it cannot be told from this machine. */
  isAlive(owner: PlaceOwner): boolean | null
  /** How long a mark that another machine seems to have left is looked at, milliseconds. Default: 45,000. */
  readonly watchMs?: number
  warn(text: string): void
}

export interface ShardPlace {
  /** The local file that it is built in. */
  readonly path: string
  /** Where readers will find it. */
  readonly target: string
}

export interface BuiltShard extends ShardPlace {
  readonly rows: number
  readonly bytes: number
}

export interface OutputPlace {
  /** An absolute path or a URI: no two outputs share it. */
  readonly target: string
  /** Throws pipeline: what the run reads lies in what it would replace. */
  refuseInputs(inputs: readonly { readonly uri: string }[]): void
  /**
   * True where a dead run of the same key had begun. `retaken`: what stands may be a dead run's of another
   * key. Throws resource: another run writes there, or the place cannot be reached; pipeline: the output
   * exists and may not be replaced, which is said before a mark is made that a rerun would take for leave.
   */
  begin(retaken: boolean): Promise<boolean>
  /**
   * `unfinished`: what stands there may be a dead run's of the same key, to be completed; `keep`: what it
   * has built or sent already stays. Throws pipeline: the output exists and may not be replaced.
   */
  prepare(unfinished: boolean, keep: boolean): Promise<void>
  shard(folder: string, index: number): Promise<ShardPlace>
  /** Answers what a resumed run finds it by; null: the shard stays where it was built. */
  send(shard: BuiltShard): Promise<string | null>
  /** Takes over what a dead run had sent. False: it is not there any more. */
  adopt(shard: BuiltShard, token: string): Promise<boolean>
  commit(): Promise<void>
  end(): Promise<void>
  abandon(): Promise<void>
}
