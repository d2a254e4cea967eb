/**
 * What is done of a run, kept as it goes, so that another process can take it up where this one died.
 * Results of tasks go to a log, and the blocks that they left in memory to files, in the background.
 *
 * A run is kept from `afterMs` on: until then it costs less to run it again than to write all of it
 * down. Then what was done so far is written too. Where the disk refuses it, keeping ends with a
 * warning and the run goes on.
 *
 * Nothing is flushed to the disk itself: what was kept outlives the process, not the machine
 * (`identity.ts` compares the system's run).
 */
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Stage } from '../../compile/stages.ts'
import type { Arena } from '../exchange/arena.ts'
import type { Fragment } from '../../io/sink.ts'
import type { Split } from '../../io/source.ts'
import type { BlockHandle } from '../exchange/block.ts'
import type { TaskResult, TaskSpec } from '../protocol.ts'
import type { StageRun } from '../stage-run.ts'
import { BlockCopies } from './block-copies.ts'
import type { Finished } from './finished.ts'
import type { Identity } from './identity.ts'
import { LogWriter } from './log.ts'
import { LOG, type LogRecord, type Recorded, type ShardRecord, type TaskRecord } from './records.ts'

/** What a run found of a dead one. */
export interface Found {
  readonly recorded: Recorded
  readonly logBytes: number
  readonly finished: Finished
}

/** What a resumed run did not do again. */
export interface Resumed {
  /** Stages all of whose tasks were done. */
  readonly stages: number
  readonly tasks: number
  /** Files that stood already, to be published. */
  readonly files: number
  /** That the tasks had taken, added up over the threads. */
  readonly seconds: number
}

export interface CheckpointOptions {
  readonly identity: Identity
  readonly scratch: string
  readonly arena: Arena
  /** From the run's start; Infinity: nothing is kept. */
  readonly afterMs: number
  /** Of the time from then on, for copying blocks. */
  readonly share: number
  /** `performance.now()` when the run started. */
  readonly startedMs: number
  readonly found: Found | null
  warn(text: string): void
}

export class Checkpoint {
  readonly #o: CheckpointOptions
  readonly #log: LogWriter<LogRecord>
  readonly #copies: BlockCopies
  /** Null once keeping has begun. */
  #early: (() => void)[] | null = []
  #failed = false
  /** Seconds of each task that another run need not do again, by stage and index. */
  readonly #done = new Map<string, number>()
  #files = 0
  /** Files that finished tasks of a dead run left. */
  readonly #kept = new Set<string>()

  /** Throws resource: the log cannot be written. */
  constructor(o: CheckpointOptions) {
    this.#o = o
    this.#log = new LogWriter(join(o.scratch, LOG), o.found?.logBytes ?? 0)
    this.#copies = new BlockCopies({
      arena: o.arena,
      folder: o.scratch,
      share: o.share,
      failed: error => this.#fail(error),
    })
    if (o.found === null) this.#append({ type: 'run', identity: o.identity })
    else this.#adopt(o.found)
  }

  /** Tasks of a stage that need not run, by index. */
  finished(stage: Stage): ReadonlyMap<number, TaskRecord> {
    return this.#o.found?.finished.get(stage.id) ?? new Map()
  }

  /** `split`: of the task, where it is not the one that was planned. */
  ended({ stage, index, tasks }: TaskSpec, split: Split | null, result: TaskResult): void {
    this.#when(() => {
      this.#append({ type: 'task', stage, index, tasks, split, result })
      this.#done.set(`${stage} ${index}`, result.seconds)
      if (!inMemory(result)) return
      this.#copies.add(result, copied => this.#append({ type: 'blocks', stage, index, ...copied }))
    })
  }

  /** What the task made does not count; called before it runs again. */
  again({ stage, index }: TaskSpec): void {
    this.#when(() => {
      this.#append({ type: 'again', stage, index })
      this.#done.delete(`${stage} ${index}`)
    })
  }

  stageEnded({ stage, seconds, skew }: StageRun): void {
    this.#when(() => this.#append({ type: 'stage', stage: stage.id, seconds, skew }))
  }

  /** What a stage was said to have taken, where all of it was done before. */
  recordedStage({ id }: Stage): { seconds: number; skew: StageRun['skew'] } | null {
    return this.#o.found?.recorded.stages.get(id) ?? null
  }

  shardMade(path: string, bytes: number): void {
    this.#when(() => this.#append({ type: 'shard', path, bytes }))
  }

  /** `token`: what a resumed run finds the shard by. */
  shardSent(path: string, bytes: number, token: string): void {
    this.#when(() => this.#append({ type: 'shard', path, bytes, token }))
  }

  /** Bytes of a file that was made of these fragments before; -1: it is to be made. */
  shard(path: string, fragments: readonly Fragment[]): number {
    const { bytes, token } = this.#shardOf(path, fragments) ?? { bytes: -1 }
    if (bytes < 0 || token !== undefined) return -1
    if (statSync(path, { throwIfNoEntry: false })?.size !== bytes) return -1
    this.#files++
    return bytes
  }

  /** A file of these fragments that was sent before; null: it was not. */
  sent(path: string, fragments: readonly Fragment[]): { bytes: number; token: string } | null {
    const { bytes, token } = this.#shardOf(path, fragments) ?? { bytes: -1 }
    return token === undefined ? null : { bytes, token }
  }

  /** A shard that was sent is there still. */
  shardAdopted(): void {
    this.#files++
  }

  #shardOf(path: string, fragments: readonly Fragment[]): ShardRecord | null {
    const record = this.#o.found?.recorded.shards.get(path)
    return record && fragments.every(f => this.#kept.has(f.path)) ? record : null
  }

  free(block: BlockHandle): void {
    this.#copies.free(block)
  }

  /** Null where nothing was found. */
  get resumed(): Resumed | null {
    const { found } = this.#o
    if (found === null) return null
    const stages = [...found.finished].filter(([, tasks]) => {
      const [first] = tasks.values()
      return first !== undefined && first.tasks === tasks.size
    })
    const tasks = [...found.finished.values()].flatMap(t => [...t.values()])
    const seconds = tasks.reduce((sum, t) => sum + t.result.seconds, 0)
    return { stages: stages.length, tasks: tasks.length, files: this.#files, seconds }
  }

  /** All rows are read: what is not copied yet will not be asked for. */
  settled(): Promise<void> {
    this.#copies.drop()
    return this.#copies.settled()
  }

  /**
   * Ends keeping, once what was begun is written. Answers what of the run another one may take up,
   * as tasks and their seconds; null: nothing.
   */
  async close(): Promise<{ tasks: number; seconds: number } | null> {
    this.#when(() => {})
    await this.#copies.settled()
    this.#log.close()
    const seconds = [...this.#done.values()].reduce((sum, s) => sum + s, 0)
    return this.#done.size > 0 ? { tasks: this.#done.size, seconds } : null
  }

  /** Does it now, or once the run has lasted so long that it is kept. */
  #when(act: () => void): void {
    if (this.#failed) return
    const { afterMs, startedMs } = this.#o
    if (this.#early !== null && performance.now() - startedMs >= afterMs) this.#begin()
    if (this.#early !== null) this.#early.push(act)
    else act()
  }

  #begin(): void {
    const early = this.#early ?? []
    this.#early = null
    for (const act of early) if (!this.#failed) act()
  }

  #append(record: LogRecord): void {
    if (this.#failed) return
    try {
      this.#log.append(record)
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#copies.drop()
    const { message } = error as Error
    this.#o.warn(
      `what is done is not kept any more, and cannot be resumed from here on: ${message}`,
    )
  }

  /** The dead run's finished tasks are this one's; whatever else it left goes. */
  #adopt({ finished, recorded }: Found): void {
    this.#early = null
    const kept = this.#kept
    const tasks = [...finished.values()].flatMap(t => [...t.values()])
    for (const { result } of tasks) {
      for (const { fragment } of result.fragments) kept.add(fragment.path)
      for (const block of [...result.outputs.flatMap(o => o.blocks.flat()), ...result.rejects])
        if (block.where === 'file') kept.add(block.path)
    }
    for (const { stage, index, result } of tasks)
      this.#done.set(`${stage} ${index}`, result.seconds)
    const { scratch } = this.#o
    // Said before their files are made anew: half of one must not count, if this process dies too.
    for (const { stage, index } of [...recorded.tasks.values()].flatMap(t => [...t.values()]))
      if (!finished.get(stage)?.has(index)) this.#append({ type: 'again', stage, index })
    for (const name of readdirSync(scratch))
      if (/^(?:[fxc]|task)-|^duckdb$|^standing-/.test(name) && !kept.has(join(scratch, name)))
        rmSync(join(scratch, name), { recursive: true, force: true })
  }
}

const inMemory = ({ outputs, rejects }: TaskResult): boolean =>
  rejects.some(b => b.where === 'arena') ||
  outputs.some(o => o.blocks.some(list => list.some(b => b.where === 'arena')))
