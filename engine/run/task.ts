/** One attempt at one task: its context for operators, and what it has produced so far. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Stages } from '../compile/stages.ts'
import type { Reject, SplitEnd } from '../io/source.ts'
import type { AnySchema } from '../data/schema.ts'
import { Ledger } from './account.ts'
import type { Arena } from './exchange/arena.ts'
import type { BlockHandle } from './exchange/block.ts'
import { SpillFile } from './exchange/spill-file.ts'
import type { SpillSpace } from './exchange/spill-space.ts'
import { TaskSpill } from './exchange/spill.ts'
import type { PartitionOf } from './exchange/splitter.ts'
import { ExchangeWriter } from './exchange/writer.ts'
import type { TaskContext } from './operator.ts'
import type { Progress } from './progress.ts'
import type {
  ExchangeOutput,
  RunSettings,
  TaskResult,
  TaskSpec,
  WrittenFragment,
} from './protocol.ts'
import { randomName } from './random-name.ts'
import { REJECT_STREAM, RejectCollector } from './rejects.ts'

export interface TaskSetting {
  readonly settings: RunSettings
  readonly stages: Stages
  /** Private to this attempt. */
  readonly folder: string
  readonly arena: Arena
  readonly progress: Progress
  readonly spillSpace: SpillSpace
}

export class Task implements TaskContext {
  readonly spec: TaskSpec
  readonly folder: string
  readonly arena: Arena
  readonly progress: Progress
  readonly memoryBytes: number
  readonly rowsPerBatch: number
  readonly spill: TaskSpill
  readonly #spillSpace: SpillSpace
  readonly account = new Ledger()
  readonly runId: string
  readonly startedAt: number
  readonly outputs: ExchangeOutput[] = []
  readonly fragments: WrittenFragment[] = []
  readonly settings: RunSettings
  readonly stages: Stages
  /** Undone where the task fails. */
  readonly undo: (() => void | Promise<void>)[] = []
  end: SplitEnd | null = null
  /** Of exchanges; the spill's own are added at the end. */
  spilledBytes = 0
  readonly #rejects: RejectCollector
  #rejectWriter: ExchangeWriter | null = null

  constructor(spec: TaskSpec, setting: TaskSetting) {
    const { settings, stages, folder, arena, progress } = setting
    this.spec = spec
    this.settings = settings
    this.stages = stages
    this.folder = folder
    this.arena = arena
    this.progress = progress
    this.memoryBytes = settings.operatorBytes
    this.rowsPerBatch = settings.rowsPerBatch
    this.runId = settings.runId
    this.startedAt = settings.startedAt
    this.#spillSpace = setting.spillSpace
    this.spill = new TaskSpill(folder, { space: setting.spillSpace })
    this.#rejects = new RejectCollector(
      stages.plan,
      { stage: spec.stage, task: spec.index },
      batch => {
        this.#rejectWriter ??= this.writer(REJECT_STREAM, 1)
        this.#rejectWriter.write(batch)
      },
    )
  }

  /** An exchange writer of this task; what it wrote is taken back where the task fails. */
  writer(
    schema: AnySchema,
    partitions: number,
    o: { partitionOf?: PartitionOf; dictionary?: number } = {},
  ): ExchangeWriter {
    const { stage, index, attempt } = this.spec
    const name = `x-${process.pid}-${stage}-${index}-${attempt}-${randomName()}.spill`
    const overflow = new SpillFile(join(this.settings.scratch, name), undefined, this.#spillSpace)
    const writer = new ExchangeWriter({
      schema,
      partitions,
      partitionOf: o.partitionOf ?? null,
      arena: this.arena,
      overflow,
      dictionary: o.dictionary ?? null,
    })
    this.undo.push(() => writer.abort())
    return writer
  }

  reject(node: number, reject: Reject): void {
    this.#rejects.add(node, reject)
  }

  result(seconds: number): TaskResult {
    this.#rejects.flush()
    const written = this.#rejectWriter?.finish()
    const rejects: readonly BlockHandle[] = written?.blocks[0] ?? []
    this.spilledBytes += this.spill.spilledBytes + (written?.spilledBytes ?? 0)
    this.spill.remove()
    rmSync(this.folder, { recursive: true, force: true })
    return {
      outputs: this.outputs,
      rejects,
      samples: this.#rejects.samples,
      fragments: this.fragments,
      account: this.account.entries(),
      dropped: this.account.dropped,
      counters: this.account.counters,
      end: this.end,
      spilledBytes: this.spilledBytes,
      splitLevels: this.spill.splitLevels,
      seconds,
    }
  }

  /** Takes back all that the task made. */
  async abort(): Promise<void> {
    for (const undo of this.undo.toReversed()) await undo()
    this.spill.remove()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
