/** One stage while it runs: its tasks, their results in order, and what the next stages will read. */
import type { Exchange, Stage } from '../compile/stages.ts'
import type { Split } from '../io/source.ts'
import { is } from '../plan/node.ts'
import type { BlockHandle } from './exchange/block.ts'
import type { Skew } from './skew.ts'
import type { LineBase, TaskResult, TaskSpec } from './protocol.ts'

export interface StageRun {
  readonly stage: Stage
  splits: readonly Split[]
  readonly tasks: TaskSpec[]
  /** By task index. */
  readonly results: (TaskResult | undefined)[]
  pending: number
  startedMs: number
  /** Time from its first task to its last. */
  seconds: number
  /** Hot keys among what it wrote, once it is done. */
  skew: readonly Skew[]
}

/** Blocks of every exchange, by partition, once the stages that feed it are done. */
export class Blocks {
  readonly #of = new Map<number, BlockHandle[][]>()
  #rejects: BlockHandle[] = []

  /** Adds what a stage's tasks wrote, in their order. */
  add(results: readonly TaskResult[]): void {
    for (const result of results) {
      for (const { exchange, blocks } of result.outputs) {
        const into = this.#of.get(exchange) ?? blocks.map(() => [])
        this.#of.set(exchange, into)
        blocks.forEach((list, p) => (into[p] as BlockHandle[]).push(...list))
      }
      this.#rejects.push(...result.rejects)
    }
  }

  of(exchange: Exchange, partition: number): readonly BlockHandle[] {
    return this.#of.get(exchange.id)?.[partition] ?? []
  }

  get rejects(): readonly BlockHandle[] {
    return this.#rejects
  }

  /** Hands a partition's blocks over, to be freed. */
  take(exchange: Exchange, partition: number): readonly BlockHandle[] {
    const blocks = this.#of.get(exchange.id)
    const taken = blocks?.[partition] ?? []
    if (blocks) blocks[partition] = []
    return taken
  }
}

export interface TaskContext {
  readonly blocks: Blocks
  readonly partitions: ReadonlyMap<number, number>
  readonly lines: readonly LineBase[]
  readonly limit: number | null
}

/** The tasks of a stage whose feeders are done: one a split, or one a partition. */
export function tasksOf(
  stage: Stage,
  splits: readonly Split[] | undefined,
  c: TaskContext,
): TaskSpec[] {
  const shared = stage.shared.map(e => ({ exchange: e.id, blocks: c.blocks.of(e, 0) }))
  const partitions = stage.terminals
    .flatMap(t => t.exchanges)
    .map(e => ({ exchange: e.id, count: c.partitions.get(e.id) ?? 1 }))
  const base = {
    stage: stage.id,
    attempt: 0,
    tasks: 1,
    limit: c.limit,
    shared,
    partitions,
    lines: [] as readonly LineBase[],
  }
  const standing = is(stage.head, 'readWritten')
  if (is(stage.head, 'read') || standing)
    return (splits ?? []).map((split, index) => ({
      ...base,
      tasks: splits?.length ?? 0,
      index,
      split,
      inputs: [],
      limit: standing ? null : c.limit,
    }))
  if (is(stage.head, 'rejects'))
    return [{ ...base, index: 0, split: null, inputs: [c.blocks.rejects], lines: c.lines }]
  const [first] = stage.inputs
  const count = first ? (c.partitions.get(first.id) ?? 1) : 1
  return Array.from({ length: count }, (_, index) => ({
    ...base,
    tasks: count,
    index,
    split: null,
    inputs: stage.inputs.map(e => c.blocks.of(e, index)),
  }))
}

/** Lines before each split of a source, from what the splits before it counted. */
export function linesBefore(run: StageRun): LineBase[] {
  const lines: LineBase[] = []
  let before = 0
  let uri = ''
  run.splits.forEach((split, task) => {
    if (split.uri !== uri) before = 0
    uri = split.uri
    lines.push({ stage: run.stage.id, task, before })
    before += run.results[task]?.end?.lines ?? 0
  })
  return lines
}
