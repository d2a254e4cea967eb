/**
 * A run, from plan to published outputs:
 *
 *     claim in the run ledger → plan inputs → prepare outputs → stages (scheduler) → check rejects and
 *       accounts → assemble shards → load tables into staging, audit → publish and commit → the ledger
 *
 * Until the last step nothing that a reader could see has changed; a run that fails or is stopped
 * removes what it made, but for what another one may take up (`checkpoint/checkpoint.ts`).
 */
import { stepsOf } from '../compile/explain-stages.ts'
import type { Stage, Stages } from '../compile/stages.ts'
import { faultToJson } from '../fault.ts'
import type { PlanRoom } from '../io/source.ts'
import type { Node } from '../plan/node.ts'
import { Ledger } from './account.ts'
import { beginCheckpoint } from './checkpoint/begin.ts'
import type { Checkpoint } from './checkpoint/checkpoint.ts'
import { removeDead } from './checkpoint/dead-runs.ts'
import { targetsOf } from './checkpoint/identity.ts'
import { disown } from './checkpoint/owner.ts'
import { removeScratch } from './checkpoint/scratch-folder.ts'
import { dictionaryLimits } from './dictionaries.ts'
import { Arena } from './exchange/arena.ts'
import { SpillSpace } from './exchange/spill-space.ts'
import { type Care, type Executor, InlineExecutor, PoolExecutor } from './executor.ts'
import { type Inputs, planInputs, releaseSources } from './inputs.ts'
import { UnfinishedInterval } from './ledger/claims.ts'
import { RunLedger, Skipped } from './ledger/run-ledger.ts'
import type { RunOptions } from './options.ts'
import { Outputs } from './outputs.ts'
import type { Pool } from './pool.ts'
import { poolOf } from './pool-start.ts'
import { prepare } from './prepare.ts'
import { Progress } from './progress.ts'
import type { RunSettings } from './protocol.ts'
import { checkRejects } from './reject-limit.ts'
import type { RunReport } from './report.ts'
import { reportOf } from './run-report.ts'
import type { StageRun } from './stage-run.ts'
import { Scheduler } from './scheduler.ts'
import { accountSkipped } from './sources.ts'
import { TaskRunner } from './task-runner.ts'
import { STUCK_AFTER_MS } from './watchdog.ts'

export type { RunOptions }

/** Runs a pipeline. Answers a report also where it failed; throws only on wrong use (pipeline faults before the start). */
export async function runPipeline(options: RunOptions): Promise<RunReport> {
  const started = performance.now()
  const pool = options.pool ?? poolOf(options)
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
  const { splitBytes, partitions } = options
  const room = roomOf(settings)
  const planned = { splitBytes, partitions, limit, room, planning: watch.planning?.bind(watch) }
  const book = new RunLedger(prepared, options)
  outputs.checksums = book.isKept
  let skippedAs: Skipped['why'] | null = null
  const report = (well: boolean, interrupted = false): RunReport =>
    reportOf({
      plan,
      settings,
      ledger,
      runs: scheduler?.runs ?? [],
      outputs: outputs.written,
      notes: [...(inputs?.notes ?? []), ...notes],
      resumed: checkpoint?.resumed ?? null,
      kept,
      progress,
      status: skippedAs ? 'skipped' : well ? 'done' : interrupted ? 'interrupted' : 'failed',
      skippedAs,
      unfinished: failure instanceof UnfinishedInterval ? failure.interval : null,
      seconds: (performance.now() - started) / 1000,
      ...(failure === null ? {} : { error: faultToJson(failure) }),
    })
  try {
    const arena = Arena.create(
      options.arenaBytes ?? settings.memoryBytes / 2,
      dictionaryLimits(stages, settings.memoryBytes),
    )
    // The threads make the plan while this one looks at the inputs.
    executor = executorOf(settings, stages, {
      arena,
      progress,
      spillSpace: new SpillSpace(settings.spillBytesMax),
      care: careOf(options, stages, notes),
      pool,
    })
    inputs = await book.begin(reading => planInputs(stages, { ...planned, ...reading }))
    if (limit === null) pool?.expect([...inputs.splits.values()].flat().length)
    const warn = (text: string): void => {
      notes.push(text)
      watch.warned?.(text)
    }
    const begun = { ...prepared, inputs, arena, startedMs: started, wish: options, warn }
    const keeping = beginCheckpoint(begun)
    checkpoint = keeping
    await outputs.prepare(inputs, keeping, { warn, retaken: book.retaken })
    options.started?.({ stages, inputs, progress, arena, runId: settings.runId })
    const { signal } = book
    const run = { stages, inputs, executor, arena, limit, watch, signal, checkpoint: keeping }
    const standing = (node: Node<'write'>) =>
      outputs.standing(node, scheduler?.runs ?? [], run.executor)
    scheduler = new Scheduler({ ...run, standing })
    // The first tasks are at work when the folders of dead runs are looked for.
    const tidied = async () => {
      if (limit === null) removeDead(base, targetsOf(plan), settings.scratch)
    }
    await Promise.all([scheduler.run(), tidied()])
    await keeping.settled()
    gather(ledger, scheduler.runs, inputs)
    gathered = true
    ledger.check(plan)
    checkRejects(plan, ledger, scheduler.runs, options.maxRejects ?? 0.1)
    signal.throwIfAborted()
    if (limit === null) watch.publishing?.()
    // Ends the assembly of files; once they are being published, nothing stops.
    const stop = () => {
      outputs.stop(signal.reason)
      void run.executor.close()
    }
    signal.addEventListener('abort', stop, { once: true })
    await outputs.publish(scheduler.runs, executor, () => book.publishing(report(true)))
    await book.published(outputs, report(true))
  } catch (error) {
    if (error instanceof Skipped) {
      skippedAs = error.why
      notes.push(error.note)
      // Of one that died once it had published, this may be the only run that follows.
      removeDead(base, targetsOf(plan), settings.scratch)
    } else failure = error
    await outputs.abandon()
    if (scheduler && inputs && !gathered) gather(ledger, scheduler.runs, inputs)
  } finally {
    await (executor ? executor.close() : pool?.destroy())
    await releaseSources(stages)
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
  const interrupted = options.signal?.aborted === true
  const unsaid = await book.ended(report(failure === null, interrupted), outputs)
  if (unsaid !== null) notes.push(unsaid)
  return report(failure === null, interrupted)
}

/** Of the run's memory a part as large as what a warehouse gets: sources are planned before it is opened. */
const roomOf = ({ scratch, memoryBytes, workers }: RunSettings): PlanRoom => ({
  folder: scratch,
  memoryBytes: Math.floor(memoryBytes / 4),
  threads: workers,
})

/** Whether the same pipeline may come further when it is run again: where it was not the pipeline that was wrong. */
const mayResume = (failure: unknown): boolean => {
  const { kind } = faultToJson(failure)
  return kind === 'resource' || kind === 'data'
}

function gather(ledger: Ledger, runs: readonly StageRun[], { skipped }: Inputs): void {
  for (const [node, list] of skipped) for (const rows of list) accountSkipped(node, rows, ledger)
  for (const result of runs.flatMap(run => run.results)) {
    if (!result) continue
    for (const { node, term, rows } of result.account) ledger.add(node, term, rows)
    for (const { node, reason, rows } of result.dropped) ledger.drop(node, reason, rows)
    for (const { node, name, value } of result.counters) ledger.count(node, name, value)
  }
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
