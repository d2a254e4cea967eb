/** One stage while it runs: its tasks, their results in order, and what the next stages will read. */
import type { Exchange, Stage } from '../compile/stages.ts'
import type { Split } from '../io/source.ts'
import { is } from '../plan/node.ts'
import type { BlockHandle } from './exchange/block.ts'
import type { Skew } from './skew.ts'
import type { LineBase, TaskResult, TaskSpec } from './protocol.ts'
import type { SplitKeys } from './split-keys.ts'

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

/** What the tasks of one stage wrote to an exchange: blocks by partition, in the order of the tasks. */
interface Fed {
  readonly stage: number
  readonly blocks: BlockHandle[][]
}

/**
 * Blocks of every exchange, by partition, once the stages that feed it are done. Where there are
 * several, their blocks come in the order of the plan, and not in that in which the stages ended.
 */
export class Blocks {
  readonly #of = new Map<number, Fed[]>()
  readonly #rejects: Fed[] = []

  /** Adds what a stage's tasks wrote, in their order. */
  add(stage: number, results: readonly TaskResult[]): void {
    for (const result of results) {
      for (const { exchange, blocks } of result.outputs) {
        const fed = this.#of.get(exchange) ?? []
        this.#of.set(exchange, fed)
        const into = fedBy(fed, stage, blocks.length)
        blocks.forEach((list, p) => into[p]?.push(...list))
      }
      fedBy(this.#rejects, stage, 1)[0]?.push(...result.rejects)
    }
  }

  of(exchange: Exchange, partition: number): readonly BlockHandle[] {
    return (this.#of.get(exchange.id) ?? []).flatMap(fed => fed.blocks[partition] ?? [])
  }

  get rejects(): readonly BlockHandle[] {
    return this.#rejects.flatMap(fed => fed.blocks[0] ?? [])
  }

  /** Hands a partition's blocks over, to be freed. */
  take(exchange: Exchange, partition: number): readonly BlockHandle[] {
    const taken = this.of(exchange, partition)
    for (const { blocks } of this.#of.get(exchange.id) ?? []) blocks[partition] = []
    return taken
  }
}

/** The stage's blocks in the list, which is kept in the order of stages. */
function fedBy(list: Fed[], stage: number, partitions: number): BlockHandle[][] {
  const known = list.find(fed => fed.stage === stage)
  if (known) return known.blocks
  const made = { stage, blocks: Array.from({ length: partitions }, () => []) }
  list.push(made)
  list.sort((a, b) => a.stage - b.stage)
  return made.blocks
}

export interface TaskContext {
  readonly blocks: Blocks
  readonly partitions: ReadonlyMap<number, number>
  readonly splitKeys: SplitKeys
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
    .map(e => ({
      exchange: e.id,
      count: c.partitions.get(e.id) ?? 1,
      keys: c.splitKeys.get(e.id) ?? e.keys,
    }))
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
