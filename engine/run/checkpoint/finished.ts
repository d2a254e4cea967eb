/**
 * Which recorded tasks need not run again. A task is finished where its files stand and each block
 * that it wrote is in a file, or was read by a task that is itself finished. So the stages are gone
 * through from the last to the first: what nobody will read any more need not be kept.
 *
 * Stages that read a table as it will stand, and all behind them, always run again: the table may have
 * changed since.
 */
import { statSync } from 'node:fs'
import { feedersOf, type Stage, type Stages } from '../../compile/stages.ts'
import { is } from '../../plan/node.ts'
import type { BlockHandle, FileBlock } from '../exchange/block.ts'
import type { ExchangeOutput } from '../protocol.ts'
import type { Recorded, TaskRecord } from './records.ts'

export type Finished = ReadonlyMap<number, ReadonlyMap<number, TaskRecord>>

export function finishedTasks({ stages }: Stages, { tasks }: Recorded): Finished {
  const fixed = repeatable(stages)
  const files = new Files()
  const finished = new Map<number, Map<number, TaskRecord>>()
  const reading = new Reading(stages, finished)
  for (const stage of stages.toReversed()) {
    const own = new Map<number, TaskRecord>()
    finished.set(stage.id, own)
    if (!fixed.has(stage)) continue
    for (const [index, task] of tasks.get(stage.id) ?? []) {
      const kept = whatRemains(task, files, reading)
      if (kept !== null) own.set(index, kept)
    }
  }
  return finished
}

/** The stages whose input is the same in each run. */
function repeatable(stages: readonly Stage[]): ReadonlySet<Stage> {
  const fixed = new Set<Stage>()
  for (const stage of stages) {
    const moving = is(stage.head, 'readWritten')
    if (!moving && feedersOf(stages, stage).every(f => fixed.has(f))) fixed.add(stage)
  }
  return fixed
}

/** The task with the blocks that can still be read; null where one is missing that will be asked for. */
function whatRemains(task: TaskRecord, files: Files, reading: Reading): TaskRecord | null {
  const { result } = task
  if (!result.fragments.every(f => files.has(f.fragment.path))) return null
  const outputs: ExchangeOutput[] = []
  for (const output of result.outputs) {
    const blocks = output.blocks.map((list, p) => {
      if (list.every(b => files.holds(b))) return list
      return reading.done(output.exchange, p) ? [] : null
    })
    if (blocks.includes(null)) return null
    outputs.push({ ...output, blocks: blocks as (readonly BlockHandle[])[] })
  }
  const rejects = result.rejects.filter(b => files.holds(b))
  if (rejects.length < result.rejects.length && !reading.rejectsDone) return null
  return { ...task, result: { ...result, outputs, rejects } }
}

/** Files of the disk, each looked at once. */
class Files {
  readonly #bytes = new Map<string, number>()

  has(path: string): boolean {
    return this.#sizeOf(path) >= 0
  }

  holds(block: BlockHandle): boolean {
    if (block.where !== 'file') return false
    const { path, position, storedBytes }: FileBlock = block
    return this.#sizeOf(path) >= position + storedBytes
  }

  #sizeOf(path: string): number {
    const known = this.#bytes.get(path)
    if (known !== undefined) return known
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? -1
    this.#bytes.set(path, size)
    return size
  }
}

/** Which partitions have been read by tasks that are finished. */
class Reading {
  readonly #stages: readonly Stage[]
  readonly #finished: ReadonlyMap<number, ReadonlyMap<number, TaskRecord>>

  constructor(
    stages: readonly Stage[],
    finished: ReadonlyMap<number, ReadonlyMap<number, TaskRecord>>,
  ) {
    this.#stages = stages
    this.#finished = finished
  }

  done(exchange: number, partition: number): boolean {
    const reads = (stage: Stage) => stage.inputs.some(e => e.id === exchange)
    const shares = (stage: Stage) => stage.shared.some(e => e.id === exchange)
    return this.#stages.every(
      stage =>
        (!reads(stage) || this.#finished.get(stage.id)?.has(partition) === true) &&
        (!shares(stage) || this.#complete(stage)),
    )
  }

  get rejectsDone(): boolean {
    return this.#stages.filter(s => is(s.head, 'rejects')).every(s => this.#complete(s))
  }

  #complete({ id }: Stage): boolean {
    const own = this.#finished.get(id) ?? new Map<number, TaskRecord>()
    const [first] = own.values()
    return first !== undefined && own.size === first.tasks
  }
}
