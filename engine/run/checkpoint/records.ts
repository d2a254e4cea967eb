/** What the log of a run says: first what the run is, then what of it is done. */
import type { Split } from '../../io/source.ts'
import type { BlockHandle } from '../exchange/block.ts'
import type { TaskResult } from '../protocol.ts'
import type { Skew } from '../skew.ts'
import type { Identity } from './identity.ts'

/** The log's name in the scratch folder. */
export const LOG = 'run.log'

/** Every record but the first. */
export type Progressed =
  /** A task ended. Blocks of its result that lie in the arena died with the process. */
  | {
      readonly type: 'task'
      readonly stage: number
      readonly index: number
      readonly tasks: number
      /** Where it is not the one that was planned. */
      readonly split: Split | null
      readonly result: TaskResult
    }
  /** Blocks of that task that are in files now, by output, partition and place; those read already stay as they were. */
  | {
      readonly type: 'blocks'
      readonly stage: number
      readonly index: number
      readonly outputs: readonly (readonly (readonly BlockHandle[])[])[]
      readonly rejects: readonly BlockHandle[]
    }
  /** A task's split began elsewhere: what it made does not count. */
  | { readonly type: 'again'; readonly stage: number; readonly index: number }
  | {
      readonly type: 'stage'
      readonly stage: number
      readonly seconds: number
      readonly skew: readonly Skew[]
    }
  /** A file stands at `path`, to be published; with a token: it was sent, and is there no more. */
  | {
      readonly type: 'shard'
      readonly path: string
      readonly bytes: number
      readonly token?: string
    }

export type LogRecord = { readonly type: 'run'; readonly identity: Identity } | Progressed
export type TaskRecord = Extract<Progressed, { type: 'task' }>
export type ShardRecord = Extract<Progressed, { type: 'shard' }>
export type StageRecord = Extract<Progressed, { type: 'stage' }>

/** A log as one table: what was recorded last counts. */
export interface Recorded {
  readonly identity: Identity
  /** By stage and index. */
  readonly tasks: ReadonlyMap<number, ReadonlyMap<number, TaskRecord>>
  readonly stages: ReadonlyMap<number, StageRecord>
  /** By path. */
  readonly shards: ReadonlyMap<string, ShardRecord>
}

/** Null: the run died before it had said what it is. */
export function recordedIn(records: readonly LogRecord[]): Recorded | null {
  const [first] = records
  if (first?.type !== 'run') return null
  const tasks = new Map<number, Map<number, TaskRecord>>()
  const stages = new Map<number, StageRecord>()
  const shards = new Map<string, ShardRecord>()
  for (const record of records) {
    if (record.type === 'run') continue
    if (record.type === 'stage') stages.set(record.stage, record)
    else if (record.type === 'shard') shards.set(record.path, record)
    else note(tasks, record)
  }
  return { identity: first.identity, tasks, stages, shards }
}

function note(
  tasks: Map<number, Map<number, TaskRecord>>,
  record: Exclude<Progressed, { type: 'stage' | 'shard' }>,
): void {
  const own = tasks.get(record.stage) ?? new Map<number, TaskRecord>()
  tasks.set(record.stage, own)
  const known = own.get(record.index)
  if (record.type === 'task') own.set(record.index, record)
  else if (record.type === 'again') own.delete(record.index)
  else if (known) own.set(record.index, withBlocks(known, record))
}

/** The task with the handles of its blocks in files. */
function withBlocks(
  task: TaskRecord,
  { outputs, rejects }: Extract<Progressed, { type: 'blocks' }>,
): TaskRecord {
  const moved = task.result.outputs.map((o, i) => ({ ...o, blocks: outputs[i] ?? o.blocks }))
  return { ...task, result: { ...task.result, outputs: moved, rejects } }
}
