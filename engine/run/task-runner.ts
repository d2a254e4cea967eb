/**
 * Runs tasks, one at a time: pulls the head's batches through the stage's program and gathers what
 * leaves it. Programs are kept from task to task. What a task made is its own until it ends well: a
 * task that fails leaves nothing behind, and can be run again.
 */
import { join } from 'node:path'
import { mkdirSync } from 'node:fs'
import type { StageScope } from '../compile/kernel.ts'
import type { Exchange, Stage, Stages, Terminal } from '../compile/stages.ts'
import { isSourceNode, sidesOf } from '../plan/facts.ts'
import { Fault } from '../fault.ts'
import type { TableSink } from '../io/sink.ts'
import type { AnySource, Split } from '../io/source.ts'
import { is, type Node } from '../plan/node.ts'
import { writtenSchema } from '../plan/written.ts'
import { aggregateHead } from './aggregate/head.ts'
import { PartialAggregate } from './aggregate/partial.ts'
import { layoutOf } from '../compile/aggregate/layout.ts'
import { broadcastJoin } from './heads/broadcast-join.ts'
import { headOf } from './heads/index.ts'
import type { Arena } from './exchange/arena.ts'
import { partitionOf } from './exchange/reader.ts'
import type { SpillSpace } from './exchange/spill-space.ts'
import { EarlyDistinct } from './early-distinct.ts'
import { ExchangeEnd } from './exchange-end.ts'
import type { Awaitable, Emit, Head, Operator, Partition, TaskContext } from './operator.ts'
import { crc32Of } from './ledger/checksum.ts'
import { Program } from './program.ts'
import type { Progress } from './progress.ts'
import type { Pulse } from './pulse.ts'
import type { AssembleSpec, Assembled, RunSettings, TaskResult, TaskSpec } from './protocol.ts'
import { REJECT_STREAM, RejectsHead } from './rejects.ts'
import { viewOf } from './sides.ts'
import { createRows, readSplit } from './sources.ts'
import { Task } from './task.ts'
import { FragmentEnd, GroupedWriteHead, sinkOf } from './writes.ts'

interface Shared {
  readonly arena: Arena
  readonly progress: Progress
  readonly spillSpace: SpillSpace
}

/** A stage's program with what changes from task to task. */
interface Warm {
  readonly program: Program
  readonly scope: StageScope
  readonly head: Head | null
}

export class TaskRunner {
  readonly settings: RunSettings
  readonly stages: Stages
  readonly #shared: Shared
  readonly #programs = new Map<number, Warm>()
  readonly #views = new Map<number, unknown>()
  /** Columns that each source turned out to need, by node; they only grow. */
  readonly #wanted = new Map<number, boolean[]>()
  #task: Task | null = null
  #fresh = 0

  constructor(settings: RunSettings, stages: Stages, shared: Shared) {
    this.settings = settings
    this.stages = stages
    this.#shared = shared
  }

  /** The job that follows is attempt `owner`; it shows its progress by `pulse`. */
  begin(owner: number, pulse: Pulse): void {
    this.#shared.arena.owner = owner
    this.#shared.progress.pulse = pulse
  }

  async run(spec: TaskSpec): Promise<TaskResult> {
    const stage = this.stages.stages[spec.stage] as Stage
    const started = performance.now()
    const folder = join(
      this.settings.scratch,
      `task-${process.pid}-${spec.stage}-${spec.index}-${spec.attempt}-${this.#fresh++}`,
    )
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const task = new Task(spec, {
      settings: this.settings,
      stages: this.stages,
      folder,
      ...this.#shared,
    })
    this.#task = task
    try {
      const warm = this.#warm(stage)
      await this.#pull(stage, warm, task)
      await warm.program.finish()
      return task.result((performance.now() - started) / 1000)
    } catch (error) {
      // Operators may hold rows of the failed task: the next one starts with new ones.
      this.#programs.delete(stage.id)
      await task.abort()
      throw error
    } finally {
      this.#task = null
    }
  }

  async assemble({ node: id, fragments, path, checksum }: AssembleSpec): Promise<Assembled> {
    const node = this.stages.plan.nodes[id] as Node<'write'>
    const sink = sinkOf(node, this.settings.scratch)
    const bytes = await sink.assemble(fragments, path, writtenSchema(node).schema)
    return checksum ? { bytes, crc32: await crc32Of(path) } : { bytes }
  }

  async close(): Promise<void> {
    for (const { program } of this.#programs.values()) await program.close()
    this.#programs.clear()
  }

  #warm(stage: Stage): Warm {
    const known = this.#programs.get(stage.id)
    if (known) return known
    const runner = this
    const scope: StageScope = {
      get task(): TaskContext {
        return runner.#task as TaskContext
      },
      sidesOf: node => runner.#sides(node),
    }
    const program = new Program(stage, scope, {
      terminal: terminal => this.#terminal(terminal, scope),
      broadcast: (node, emit) => this.#broadcast(node, emit, scope),
    })
    const warm = { program, scope, head: this.#headOf(stage) }
    this.#programs.set(stage.id, warm)
    return warm
  }

  #headOf(stage: Stage): Head | null {
    const { head } = stage
    if (isSourceNode(head)) return null
    const schemas = head.inputs.map(n => n.schema)
    if (is(head, 'aggregate')) return aggregateHead(head, schemas[0] as Node['schema'])
    if (is(head, 'reshuffle')) return passThrough(head)
    if (is(head, 'write')) return new GroupedWriteHead(head, () => this.#task as Task)
    return headOf(head, schemas)
  }

  async #pull(stage: Stage, warm: Warm, task: Task): Promise<void> {
    const { entry } = warm.program
    const { head } = stage
    const counted: Emit = batch => {
      this.#shared.progress.rows(stage.id, batch.selected)
      return entry(batch)
    }
    if (is(head, 'read') || is(head, 'readWritten')) {
      const source = is(head, 'read') ? head.op.source : standingSource(head, task)
      return readSplit(head, task, { source, emit: counted, wanted: this.#wantedOf(head) })
    }
    if (is(head, 'create')) return createRows(head, task, counted)
    const { arena } = this.#shared
    if (is(head, 'rejects')) {
      const rejects = partitionOf(task.spec.inputs[0] ?? [], arena, REJECT_STREAM)
      return new RejectsHead(head, task.spec.lines).run([rejects], counted, task)
    }
    const inputs = stage.inputs.map(
      (exchange, i): Partition =>
        held(partitionOf(task.spec.inputs[i] ?? [], arena, exchange.schema), this.#shared.progress),
    )
    await (warm.head as Head).run(inputs, counted, task)
  }

  #wantedOf(node: Node): boolean[] {
    const known = this.#wanted.get(node.id)
    if (known) return known
    const wanted = node.schema.list.map(() => false)
    this.#wanted.set(node.id, wanted)
    return wanted
  }

  #terminal(terminal: Terminal, scope: StageScope): Operator {
    const { node, from } = terminal
    if (terminal.type === 'write')
      return new FragmentEnd(node as Node<'write'>, () => this.#task as Task)
    const ends = terminal.exchanges.map(
      exchange => new ExchangeEnd(exchange, () => this.#task as Task),
    )
    if (terminal.type === 'exchange')
      return is(node, 'distinct') && terminal.exchanges[0]?.purpose === 'head'
        ? new EarlyDistinct(node, scope, ends[0] as Operator)
        : (ends[0] as Operator)
    const aggregate = node as Node<'aggregate'>
    const emits = ends.map(
      (end): Emit =>
        batch =>
          end.push(batch),
    )
    const partial = new PartialAggregate(
      aggregate,
      from.schema,
      layoutOf(aggregate, from.schema),
      emits,
      scope,
    )
    return {
      push: batch => partial.push(batch),
      finish: async () => {
        await partial.finish()
        for (const end of ends) end.finish()
      },
    }
  }

  #broadcast(node: Node<'join'>, emit: Emit, scope: StageScope): Operator {
    let join: Operator | null = null
    const ready = (): Operator => {
      const exchange = this.#sharedExchange(node, 'broadcast')
      const made =
        join ??
        broadcastJoin(
          node,
          (node.inputs[0] as Node).schema,
          this.#sharedRows(exchange),
          emit,
          () => scope.task,
        )
      join = made
      return made
    }
    return { push: (batch): Awaitable => ready().push(batch), finish: () => join?.finish() }
  }

  #sides(node: Node): unknown {
    const sides = sidesOf(node)
    if (sides.length === 0) return undefined
    return Object.freeze(
      Object.fromEntries(
        sides.map(({ name, side }) => {
          const exchange = this.#sharedExchange(side.of, 'side')
          const id = exchange.id * 8 + ['singleton', 'list', 'map', 'multimap'].indexOf(side.view)
          const key = side.key === null ? id : -1
          const view = this.#views.get(key) ?? viewOf(side, this.#sharedRows(exchange), node.at)
          if (key >= 0) this.#views.set(key, view)
          return [name, view]
        }),
      ),
    )
  }

  #sharedExchange(to: Node, purpose: Exchange['purpose']): Exchange {
    const found = this.stages.exchanges.find(e => e.to === to && e.purpose === purpose)
    if (!found) throw new Fault('engine', `no ${purpose} exchange for ${to.name}`)
    return found
  }

  #sharedRows(exchange: Exchange): Partition {
    const blocks = this.#task?.spec.shared.find(s => s.exchange === exchange.id)?.blocks ?? []
    return partitionOf(blocks, this.#shared.arena, exchange.schema)
  }
}

/** The warehouse's copy of a table as it will stand. */
function standingSource(node: Node<'readWritten'>, { spec }: Task): AnySource {
  const { sink } = (node.op.written as Node<'write'>).op
  return (sink as TableSink).standing((spec.split as Split).uri, node.schema)
}

/** Blocks stay until the task has ended well, so that it can be run again: the coordinator frees them. */
const held = (partition: Partition, progress: Progress): Partition => ({
  rows: partition.rows,
  bytes: partition.bytes,
  *batches() {
    for (const batch of partition.batches()) {
      progress.pulse?.beat()
      yield batch
    }
  },
})

function passThrough(node: Node): Head {
  return {
    async run([input], emit, task) {
      for (const batch of (input as Partition).batches()) {
        task.account.add(node.id, 'in', batch.selected)
        task.account.add(node.id, 'out', batch.selected)
        await emit(batch)
      }
    },
  }
}
