/**
 * A run, from plan to published outputs:
 *
 *     prepare outputs → plan inputs → stages (scheduler) → check rejects and accounts
 *       → assemble shards → load tables into staging, audit → publish and commit
 *
 * Until the last step nothing that a reader could see has changed; a run that fails or is stopped
 * removes what it made, but for what another one may take up (`checkpoint/checkpoint.ts`).
 */
import { randomBytes } from 'node:crypto'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stepsOf } from '../compile/explain-stages.ts'
import { cutStages, type Stage, type Stages } from '../compile/stages.ts'
import { Fault, faultToJson } from '../fault.ts'
import { sourceSizes } from '../optimize/source-sizes.ts'
import type { Definition } from '../plan/definition.ts'
import { is, type Node, type Plan } from '../plan/node.ts'
import { Ledger } from './account.ts'
import { askedBefore, beginCheckpoint } from './checkpoint/begin.ts'
import type { Checkpoint } from './checkpoint/checkpoint.ts'
import { removeDead } from './checkpoint/dead-runs.ts'
import { type Asked, askedOf, targetsOf } from './checkpoint/identity.ts'
import { disown } from './checkpoint/owner.ts'
import { makeScratch, removeScratch } from './checkpoint/scratch-folder.ts'
import { dictionaryLimits } from './dictionaries.ts'
import { Arena } from './exchange/arena.ts'
import { SpillSpace } from './exchange/spill-space.ts'
import { type Care, type Executor, InlineExecutor, PoolExecutor } from './executor.ts'
import { type Inputs, planInputs } from './inputs.ts'
import { builtPlan, loadPipeline, optimizedPlan } from './load.ts'
import { Outputs } from './outputs.ts'
import { type Pool, startPool } from './pool.ts'
import { Progress } from './progress.ts'
import type { RunSettings } from './protocol.ts'
import { checkRejects } from './reject-limit.ts'
import type { RunReport } from './report.ts'
import { reportOf } from './run-report.ts'
import type { StageRun } from './stage-run.ts'
import { Scheduler, type Watch } from './scheduler.ts'
import { TaskRunner } from './task-runner.ts'
import { STUCK_AFTER_MS } from './watchdog.ts'

const MB = 2 ** 20

export interface RunOptions {
  /** The module's path, whose pipeline runs on worker threads; or a pipeline, which runs in this one. */
  readonly pipeline: string | Definition
  /** Which export, where the module has several. */
  readonly export?: string
  readonly params?: Readonly<Record<string, unknown>>
  /** Default true. False runs the plan as written: the same answer, so that a rule can be held against it. */
  readonly optimize?: boolean
  /** Threads; default: cores. Changes no byte of the output. */
  readonly workers?: number
  /** Default 1 GB. */
  readonly memoryBytes?: number
  readonly overwrite?: boolean
  /** Rows of each source; nothing is published. */
  readonly limit?: number | null
  /** Share of a source's rows that may be rejected, of those above 100. Default 0.1. */
  readonly maxRejects?: number
  /** Default 16,384. */
  readonly rowsPerBatch?: number
  /** Bytes that an operator holds before it spills; default: from memoryBytes. */
  readonly operatorBytes?: number
  readonly arenaBytes?: number
  /** What spill files may take on disk at once. Default: as much as there is. */
  readonly spillBytesMax?: number
  readonly splitBytes?: number
  readonly partitions?: number
  /** Folder for spill files and fragments. Default: under the system's temporary folder. */
  readonly scratch?: string
  /** What a task may take before its thread is ended. Default: as long as it takes. Worker threads only. */
  readonly taskTimeoutMs?: number
  /** A task without progress for so long is told, with the place in the user's code. Default 30,000. */
  readonly stuckAfterMs?: number
  /** Takes up the unfinished run of the same pipeline, parameters and inputs, where there is one. */
  readonly resume?: boolean
  /** What is done is kept for `resume` once the run has lasted so long. Default 5; 0: from the start. */
  readonly checkpointAfterSeconds?: number
  readonly signal?: AbortSignal
  readonly watch?: Watch
  /** Told once the stages are known, before the first task. */
  readonly started?: (run: {
    stages: Stages
    inputs: Inputs
    progress: Progress
    arena: Arena
    runId: string
  }) => void
}

interface Prepared {
  readonly settings: RunSettings
  readonly plan: Plan
  readonly stages: Stages
  readonly asked: Asked
  /** Where scratch folders lie. */
  readonly base: string
  /** The scratch folder is an unfinished run's. */
  readonly resuming: boolean
}

/** Runs a pipeline. Answers a report also where it failed; throws only on wrong use (pipeline faults before the start). */
export async function runPipeline(options: RunOptions): Promise<RunReport> {
  const started = performance.now()
  const pool = poolOf(options)
  const prepared = await prepare(options).catch(async error => {
    await pool?.destroy()
    throw error
  })
  const { settings, plan, stages, base } = prepared
  const ledger = new Ledger()
  const outputs = new Outputs(plan, settings, options.limit ?? null)
  const progress = Progress.of(stages.stages.length)
  let executor: Executor | null = null
  let scheduler: Scheduler | null = null
  let inputs: Inputs | null = null
  let failure: unknown = null
  let gathered = false
  let checkpoint: Checkpoint | null = null
  let kept: RunReport['kept'] | null = null
  const notes: string[] = []
  const { limit = null, watch = {} } = options
  try {
    inputs = await planInputs(stages, options)
    const arena = Arena.create(
      options.arenaBytes ?? settings.memoryBytes / 2,
      dictionaryLimits(stages, settings.memoryBytes),
    )
    const warn = (text: string): void => {
      notes.push(text)
      watch.warned?.(text)
    }
    const begun = { ...prepared, inputs, arena, startedMs: started, wish: options, warn }
    const keeping = beginCheckpoint(begun)
    checkpoint = keeping
    await outputs.prepare(inputs, keeping)
    if (limit === null) removeDead(base, targetsOf(plan), settings.scratch)
    executor = executorOf(settings, stages, {
      arena,
      progress,
      spillSpace: new SpillSpace(settings.spillBytesMax),
      care: careOf(options, stages, notes),
      pool,
    })
    options.started?.({ stages, inputs, progress, arena, runId: settings.runId })
    const signal = options.signal ?? new AbortController().signal
    const run = { stages, inputs, executor, arena, limit, watch, signal, checkpoint: keeping }
    const standing = (node: Node<'write'>) =>
      outputs.standing(node, scheduler?.runs ?? [], run.executor)
    scheduler = new Scheduler({ ...run, standing })
    await scheduler.run()
    await keeping.settled()
    gather(ledger, scheduler.runs)
    gathered = true
    ledger.check(plan)
    checkRejects(plan, ledger, scheduler.runs, options.maxRejects ?? 0.1)
    signal.throwIfAborted()
    if (limit === null) watch.publishing?.()
    // Ends the assembly of files; once they are being published, nothing stops.
    signal.addEventListener('abort', () => void run.executor.close(), { once: true })
    await outputs.publish(scheduler.runs, executor)
  } catch (error) {
    failure = error
    await outputs.abandon()
    if (scheduler && !gathered) gather(ledger, scheduler.runs)
  } finally {
    await (executor ? executor.close() : pool?.destroy())
    await outputs.close()
    const left = (await checkpoint?.close()) ?? null
    // A run that was taken up and refused before it began is as it was.
    const untouched = scheduler === null && prepared.resuming
    if (left && failure !== null && (untouched || mayResume(failure))) {
      kept = { folder: settings.scratch, ...left }
      disown(settings.scratch)
    }
    // A dead run's folder is not this run's before it was taken up.
    else if (checkpoint || !prepared.resuming) removeScratch(settings.scratch)
  }
  const error = failure === null ? undefined : faultToJson(failure)
  const interrupted = options.signal?.aborted === true
  const status = failure === null ? 'done' : interrupted ? 'interrupted' : 'failed'
  return reportOf({
    plan,
    settings,
    ledger,
    runs: scheduler?.runs ?? [],
    outputs: outputs.written,
    notes: [...(inputs?.notes ?? []), ...notes],
    resumed: checkpoint?.resumed ?? null,
    kept,
    progress,
    status,
    seconds: (performance.now() - started) / 1000,
    ...(error ? { error } : {}),
  })
}

/** Whether the same pipeline may come further when it is run again: where it was not the pipeline that was wrong. */
const mayResume = (failure: unknown): boolean => {
  const { kind } = faultToJson(failure)
  return kind === 'resource' || kind === 'data'
}

function gather(ledger: Ledger, runs: readonly StageRun[]): void {
  for (const result of runs.flatMap(run => run.results)) {
    if (!result) continue
    for (const { node, term, rows } of result.account) ledger.add(node, term, rows)
    for (const { node, reason, rows } of result.dropped) ledger.drop(node, reason, rows)
    for (const { node, name, value } of result.counters) ledger.count(node, name, value)
  }
}

/** A run's own folder for spill files and fragments, which it removes when it ends. */
export const scratchOf = (runId: string, base: string = tmpdir()): string =>
  join(base, `millrace-${runId}`)

/** The plan and the settings that every thread shares. Throws pipeline: the pipeline cannot be built. */
export async function prepare(options: RunOptions): Promise<Prepared> {
  const inline = typeof options.pipeline !== 'string'
  const loaded = inline
    ? { definition: options.pipeline as Definition, hash: '' }
    : await loadPipeline(options.pipeline as string, options.export ?? null)
  const params = options.params ?? {}
  const base = resolve(options.scratch ?? tmpdir())
  const name = options.export ?? loaded.definition.definition
  const asked = askedOf({ module: inline ? null : (options.pipeline as string), name }, params)
  const before = options.resume ? askedBefore(base, asked) : null
  const build = {
    params,
    runId: before?.runId ?? randomBytes(8).toString('hex'),
    startedAt: before?.startedAt ?? Date.now(),
  }
  const built = builtPlan(loaded.definition, loaded.hash, build)
  const optimize = options.optimize ?? true
  const choices = { optimize, sizes: optimize ? sourceSizes(built) : [] }
  const plan = optimizedPlan(built, choices)
  if (!plan.nodes.some(n => is(n, 'write')))
    throw new Fault('pipeline', `pipeline "${plan.name}" writes nothing`, {
      detail: [`it has ${plan.nodes.length} steps, and none is a write`],
      hint: "end with such as .write(parquet('out'))",
    })
  const { workers, memoryBytes } = limitsOf(options)
  const scratch = scratchOf(build.runId, base)
  if (before === null) makeScratch(scratch)
  const settings: RunSettings = {
    ...build,
    ...choices,
    module: inline ? null : (options.pipeline as string),
    pipeline: options.export ?? null,
    fingerprint: plan.fingerprint,
    built: plan.built,
    workers,
    memoryBytes,
    rowsPerBatch: options.rowsPerBatch ?? 16_384,
    scratch,
    operatorBytes: options.operatorBytes ?? Math.floor(memoryBytes / 4 / workers),
    overwrite: options.overwrite ?? false,
    spillBytesMax: options.spillBytesMax ?? null,
  }
  return { settings, plan, stages: cutStages(plan), asked, base, resuming: before !== null }
}

const limitsOf = (o: RunOptions): { workers: number; memoryBytes: number } => ({
  workers: typeof o.pipeline === 'string' ? (o.workers ?? availableParallelism()) : 1,
  memoryBytes: o.memoryBytes ?? 1024 * MB,
})

/** Threads for a module's pipeline; null: it is built inline, and runs in this thread. */
function poolOf(o: RunOptions): Pool | null {
  if (typeof o.pipeline !== 'string') return null
  return startPool({ module: o.pipeline, pipeline: o.export ?? null }, limitsOf(o))
}

function executorOf(
  settings: RunSettings,
  stages: Stages,
  {
    pool,
    ...shared
  }: {
    arena: Arena
    progress: Progress
    spillSpace: SpillSpace
    care: Care
    pool: Pool | null
  },
): Executor {
  return pool === null
    ? new InlineExecutor(new TaskRunner(settings, stages, shared))
    : new PoolExecutor(settings, { ...shared, pool })
}

/** Of a task that shows no progress the report says so, too: the run may be stopped for it. */
function careOf(options: RunOptions, { stages }: Stages, notes: string[]): Care {
  return {
    taskTimeoutMs: options.taskTimeoutMs ?? null,
    stuckAfterMs: options.stuckAfterMs ?? STUCK_AFTER_MS,
    stepsOf: task => stepsOf(stages[task.stage] as Stage),
    stuck: text => {
      notes.push(text)
      options.watch?.stuck?.(text)
    },
  }
}
