/**
 * Runs the stages: a stage's tasks become ready once all stages that feed it are done, and ready
 * tasks run as workers come free, in the order of stages and tasks. Results are kept by task index,
 * so that nothing depends on which worker was faster. A task that fails for want of a resource is
 * tried again; a split whose start was guessed wrong is read again from the right one.
 */
import { stepsOf } from '../compile/explain-stages.ts'
import { feedersOf, type Stage, type Stages } from '../compile/stages.ts'
import { Fault } from '../fault.ts'
import type { PlanProgress, Split } from '../io/source.ts'
import { is, type Node } from '../plan/node.ts'
import { changedInputs } from './changed-inputs.ts'
import type { Arena } from './exchange/arena.ts'
import type { BlockHandle } from './exchange/block.ts'
import type { Checkpoint } from './checkpoint/checkpoint.ts'
import type { Executor } from './executor.ts'
import type { Inputs } from './inputs.ts'
import type { LineBase, TaskResult, TaskSpec } from './protocol.ts'
import { skewOf } from './skew.ts'
import { Blocks, linesBefore, type StageRun, tasksOf } from './stage-run.ts'

const ATTEMPTS_MAX = 3
const VERIFICATIONS_MAX = 10_000

export interface Watch {
  /** A step's source is planned: told at its start, and as inputs are found and looked into. */
  planning?(step: string, progress: PlanProgress): void
  stageStarted?(run: StageRun): void
  stageEnded?(run: StageRun): void
  /** A task failed and will be tried again. */
  retried?(task: TaskSpec, fault: Fault): void
  /** A task shows no progress: the text says which, for how long, and where it is. */
  stuck?(text: string): void
  /** The run goes on, with less than it had: said once, and noted in the report. */
  warned?(text: string): void
  /** All rows are computed; files are assembled and tables loaded from now on. */
  publishing?(): void
}

export interface Schedule {
  readonly stages: Stages
  readonly inputs: Inputs
  readonly executor: Executor
  readonly arena: Arena
  readonly limit: number | null
  readonly watch: Watch
  readonly signal: AbortSignal
  /** Splits of a table as it will stand; asked once the stages that write to it are done. */
  standing(written: Node<'write'>): Promise<readonly Split[]>
  /** Keeps what is done, and knows what a dead run had done. */
  readonly checkpoint: Checkpoint
}

export class Scheduler {
  readonly runs: StageRun[] = []
  readonly blocks = new Blocks()
  readonly #s: Schedule
  readonly #done = new Set<Stage>()
  readonly #queue: { run: StageRun; task: TaskSpec }[] = []
  readonly #lines: LineBase[] = []
  #active = 0
  #failure: unknown = null
  #wake: (() => void) | null = null

  constructor(schedule: Schedule) {
    this.#s = schedule
  }

  /** Runs all stages to their end. Throws the first fault, once no task is under way. */
  async run(): Promise<void> {
    const { stages, executor, signal } = this.#s
    const waiting = new Set<Stage>(stages.stages)
    signal.addEventListener('abort', () => this.#wake?.(), { once: true })
    for (;;) {
      if (signal.aborted) this.#failure ??= signal.reason
      if (this.#failure === null) this.#release(waiting)
      while (
        this.#failure === null &&
        this.#active < executor.concurrency &&
        this.#queue.length > 0
      )
        this.#start(this.#queue.shift() as { run: StageRun; task: TaskSpec })
      if (this.#active === 0) break
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
      if (signal.aborted) {
        this.#failure ??= signal.reason
        break
      }
    }
    if (this.#failure !== null) throw this.#failure
    if (waiting.size > 0)
      throw new Fault(
        'engine',
        `stages wait for each other: ${[...waiting].map(s => s.name).join(', ')}`,
      )
  }

  /** Starts the stages whose feeders are done; those without tasks are done at once. */
  #release(waiting: Set<Stage>): void {
    const { stages, inputs } = this.#s
    for (let again = true; again; ) {
      again = false
      for (const stage of stages.stages) {
        if (!waiting.has(stage)) continue
        if (feedersOf(stages.stages, stage).some(f => !this.#done.has(f))) continue
        waiting.delete(stage)
        if (is(stage.head, 'readWritten')) this.#stand(stage, stage.head.op.written)
        else again = this.#open(stage, inputs.splits.get(stage.id)) || again
      }
    }
  }

  /** Queues a stage's tasks; true where it has none and so is done. */
  #open(stage: Stage, splits: readonly Split[] | undefined): boolean {
    const { inputs, limit } = this.#s
    const tasks = tasksOf(stage, splits, {
      blocks: this.blocks,
      partitions: inputs.partitions,
      splitKeys: inputs.splitKeys,
      lines: this.#lines,
      limit,
    })
    const run: StageRun = {
      stage,
      splits: splits ?? [],
      tasks,
      results: [],
      pending: tasks.length,
      startedMs: performance.now(),
      seconds: 0,
      skew: [],
    }
    this.runs.push(run)
    this.#resume(run)
    this.#s.watch.stageStarted?.(run)
    // A preview reads its splits one after another, until it has its rows.
    const first = limit !== null && is(stage.head, 'read') ? tasks.slice(0, 1) : tasks
    for (const task of first)
      if (run.results[task.index] === undefined) this.#queue.push({ run, task })
    if (run.pending > 0 || this.#redo(run)) return false
    this.#end(run)
    return true
  }

  /** Takes over what a dead run had done of the stage. */
  #resume(run: StageRun): void {
    const splits = [...run.splits]
    for (const [index, { result, split }] of this.#s.checkpoint.finished(run.stage)) {
      run.results[index] = result
      run.pending--
      if (split !== null) {
        splits[index] = split
        run.tasks[index] = { ...(run.tasks[index] as TaskSpec), split }
      }
      for (const exchange of run.stage.inputs) this.#free(this.blocks.take(exchange, index))
    }
    run.splits = splits
  }

  /** Opens a stage that reads a table as it will stand, once the warehouse has answered. */
  #stand(stage: Stage, written: Node): void {
    this.#active++
    this.#s
      .standing(written as Node<'write'>)
      .then(splits => this.#open(stage, splits))
      .catch(error => {
        this.#failure ??= error
      })
      .finally(() => {
        this.#active--
        this.#wake?.()
      })
  }

  #start({ run, task }: { run: StageRun; task: TaskSpec }): void {
    this.#active++
    this.#attempt(task)
      .then(result => this.#finished(run, task, result))
      .catch(error => {
        this.#failure ??= error
      })
      .finally(() => {
        this.#active--
        this.#wake?.()
      })
  }

  async #attempt(task: TaskSpec): Promise<TaskResult> {
    for (let attempt = task.attempt; ; attempt++) {
      try {
        return await this.#s.executor.run({ ...task, attempt })
      } catch (error) {
        const stage = this.#s.stages.stages[task.stage] as Stage
        const { head } = stage
        const changed = this.#changed(stage, error)
        if (changed !== null) throw changed
        // A source knows its file, but not the line that reads it.
        if (error instanceof Fault && error.kind === 'data' && is(head, 'read'))
          error.at ??= head.at
        const retry = error instanceof Fault && error.kind === 'resource'
        if (!retry || this.#s.signal.aborted) throw error
        if (attempt + 1 >= ATTEMPTS_MAX) throw this.#named(error, task)
        this.#s.watch.retried?.(task, error)
      }
    }
  }

  #changed(stage: Stage, error?: unknown): Fault | null {
    const listed = this.#s.inputs.listed.get(stage.id)
    if (listed === undefined) return null
    return changedInputs(stage, listed, error instanceof Fault ? error : undefined)
  }

  /** Which steps the task runs. */
  #named(fault: Fault, task: TaskSpec): Fault {
    const { kind, message, hint, at } = fault
    const stage = this.#s.stages.stages[task.stage] as Stage
    const steps = `steps ${stepsOf(stage)}`
    const tried = `task ${task.index} of ${task.tasks}, tried ${ATTEMPTS_MAX} times`
    return new Fault(kind, message, {
      detail: [steps, tried, ...fault.detail],
      cause: fault,
      ...(at === undefined ? {} : { at }),
      ...(hint === undefined ? {} : { hint }),
    })
  }

  #finished(run: StageRun, task: TaskSpec, result: TaskResult): void {
    const known = run.results[task.index]
    if (known) this.#discard(known)
    run.results[task.index] = result
    run.pending--
    const planned = this.#s.inputs.splits.get(run.stage.id)?.[task.index]
    this.#s.checkpoint.ended(task, task.split === planned ? null : task.split, result)
    // A partition has one reader: what it read is not asked for again.
    for (const exchange of run.stage.inputs) this.#free(this.blocks.take(exchange, task.index))
    if (this.#s.limit !== null && is(run.stage.head, 'read')) this.#preview(run, task)
    if (run.pending > 0 || this.#failure !== null) return
    const changed = this.#changed(run.stage)
    if (changed !== null) throw changed
    if (this.#redo(run)) return
    this.#end(run)
  }

  /** The next split of a preview, where rows are still wanted. */
  #preview(run: StageRun, task: TaskSpec): void {
    const read = run.results.reduce((sum, r) => sum + outOf(r, run.stage.head.id), 0)
    const left = (this.#s.limit as number) - read
    const next = run.tasks[task.index + 1]
    if (left > 0 && next) this.#queue.push({ run, task: { ...next, limit: left } })
    else run.pending = 0
  }

  /** Asks the source which splits to read again; true where there are any. */
  #redo(run: StageRun): boolean {
    const { head } = run.stage
    if (!is(head, 'read') || this.#s.limit !== null) return false
    const ends = run.splits.map((_, i) => run.results[i]?.end ?? null)
    const wrong = head.op.source.verify?.(run.splits, ends) ?? new Map()
    if (wrong.size === 0) return false
    const attempts = run.tasks.reduce((max, t) => Math.max(max, t.attempt), 0)
    if (attempts > VERIFICATIONS_MAX)
      throw new Fault('engine', `the splits of ${head.name} do not settle`)
    const splits = [...run.splits]
    for (const [index, split] of wrong) {
      splits[index] = split
      const task = { ...(run.tasks[index] as TaskSpec), split }
      this.#s.checkpoint.again(task)
      run.tasks[index] = task
      run.pending++
      this.#queue.unshift({ run, task })
    }
    run.splits = splits
    return true
  }

  #end(run: StageRun): void {
    const { stage } = run
    const { checkpoint, arena } = this.#s
    const before = checkpoint.finished(stage).size
    const known = before === run.tasks.length && before > 0 ? checkpoint.recordedStage(stage) : null
    run.seconds = known?.seconds ?? (performance.now() - run.startedMs) / 1000
    run.skew = known?.skew ?? skewOf(run, arena)
    const results = run.results.filter(r => r !== undefined)
    this.blocks.add(stage.id, results)
    if (is(stage.head, 'read')) this.#lines.push(...linesBefore(run))
    this.#done.add(stage)
    if (known === null) checkpoint.stageEnded(run)
    this.#s.watch.stageEnded?.(run)
  }

  #discard(result: TaskResult): void {
    for (const { blocks } of result.outputs) for (const list of blocks) this.#free(list)
    this.#free(result.rejects)
  }

  #free(blocks: readonly BlockHandle[]): void {
    for (const block of blocks) this.#s.checkpoint.free(block)
  }
}

const outOf = (result: TaskResult | undefined, node: number): number =>
  result?.account.find(a => a.node === node && a.term === 'out')?.rows ?? 0
