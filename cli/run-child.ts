/** The process that `millrace run` starts: the engine itself. Reports to its parent by messages. */
import { Fault, type FaultJson, faultToJson } from '../engine/fault.ts'
import type { PlanProgress } from '../engine/io/source.ts'
import type { StageRun } from '../engine/run/stage-run.ts'
import type { RunReport } from '../engine/run/report.ts'
import type { RunOptions } from '../engine/run/options.ts'
import { poolOf } from '../engine/run/pool-start.ts'
import { readArguments } from './arguments.ts'
import { openLedger } from './ledger.ts'
import { quietWarnings } from './warnings.ts'
import {
  backfillOf,
  refuseOptionNames,
  RUN_OPTIONS,
  runOptionsOf,
  withOptionHint,
} from './run-options.ts'

export type FromEngine =
  | {
      readonly type: 'begun'
      readonly pipeline: string
      readonly runId: string
      /** What to remove where this process dies. */
      readonly scratch: string
    }
  | {
      readonly type: 'progress'
      readonly stage: number
      readonly name: string
      /** All that the stage does. */
      readonly steps: string
      readonly rows: number
      readonly bytes: number
      /** Bytes that the stage has to read in all; 0 where it reads exchanges. */
      readonly bytesTotal: number
      readonly tasksDone: number
      readonly tasks: number
      readonly seconds: number
      readonly ended: boolean
      /** The most that the process has held so far. */
      readonly rssBytes: number
    }
  | {
      /** Nothing is read yet. */
      readonly type: 'planning'
      readonly name: string
      readonly found: number
      readonly looked: number
      readonly seconds: number
    }
  | { readonly type: 'note'; readonly text: string }
  /** `last`: of a backfill no other follows. */
  | { readonly type: 'report'; readonly report: RunReport; readonly last: boolean }
  | { readonly type: 'refused'; readonly fault: FaultJson; readonly usage: boolean }

const EVERY_MS = 200

const tell = (message: FromEngine): Promise<void> =>
  new Promise(resolve => {
    if (!process.connected) return resolve()
    if (!process.send) return resolve()
    process.send(message, () => resolve())
  })

async function main(argv: readonly string[]): Promise<void> {
  quietWarnings()
  const words = readArguments(argv, RUN_OPTIONS)
  const told = runOptionsOf(words)
  const stop = new AbortController()
  process.on('message', message => {
    if (message === 'stop') stop.abort(new Fault('resource', 'the run was stopped'))
  })
  // The parent is gone: nobody waits for the answer, and nothing may be left behind.
  process.on('disconnect', () => stop.abort(new Fault('resource', 'the command was killed')))
  // A terminal signals the whole group; the parent decides what it means.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  const crash = watchForCrash(stop)
  // Threads start while this one imports the engine.
  const pool = poolOf(told)
  const { loadPipeline, runInOrder, scratchOf, stepsOf } = await import('./engine.ts')
  /** Bytes that a stage had to read when it began: a resumed one has some of them behind it. */
  const open = new Map<StageRun, number>()
  let started: Parameters<NonNullable<RunOptions['started']>>[0] | null = null
  const show = (run: StageRun, ended: boolean) => {
    const { rows, bytes } = started?.progress.read(run.stage.id) ?? { rows: 0, bytes: 0 }
    void tell({
      type: 'progress',
      stage: run.stage.id,
      name: run.stage.name,
      steps: stepsOf(run.stage),
      rows,
      bytes,
      bytesTotal: open.get(run) ?? 0,
      tasksDone: run.results.filter(r => r !== undefined).length,
      tasks: run.tasks.length,
      seconds: ended ? run.seconds : (performance.now() - run.startedMs) / 1000,
      ended,
      rssBytes: process.resourceUsage().maxRSS * 1024,
    })
  }
  let planned: { name: string; progress: PlanProgress; sinceMs: number } | null = null
  const timer = setInterval(() => {
    for (const run of open.keys()) show(run, false)
    if (planned === null) return
    const { name, progress, sinceMs } = planned
    const seconds = (performance.now() - sinceMs) / 1000
    void tell({ type: 'planning', name, ...progress, seconds })
  }, EVERY_MS)
  try {
    const options: RunOptions = {
      ...told,
      ledger: await openLedger(words.options.get('ledger') as string | undefined),
      pool,
      signal: stop.signal,
      started: run => {
        started = run
        planned = null
        void tell({
          type: 'begun',
          pipeline: run.stages.plan.name,
          runId: run.runId,
          scratch: scratchOf(run.runId, told.scratch),
        })
      },
      watch: {
        planning: (name, progress) => {
          const sinceMs = planned?.name === name ? planned.sinceMs : performance.now()
          planned = { name, progress, sinceMs }
        },
        stageStarted: run => {
          const left = run.splits.filter((_, i) => run.results[i] === undefined)
          open.set(
            run,
            left.reduce((sum, s) => sum + s.bytes, 0),
          )
          show(run, false)
        },
        stageEnded: run => {
          for (const skew of run.skew)
            void tell({
              type: 'note',
              text: `hot key in ${skew.step}: ${skew.rows} rows, ${Math.round(skew.share * 100)} % of all, ${skew.key === null ? `have one hash of ${skew.keys.join(', ')}` : `mostly ${skew.keys.join(', ')} ${skew.key}`}`,
            })
          show(run, true)
          open.delete(run)
        },
        warned: text => void tell({ type: 'note', text }),
        publishing: () => void tell({ type: 'note', text: 'publishing: files and tables' }),
        stuck: text => void tell({ type: 'note', text }),
        retried: (task, fault) =>
          void tell({
            type: 'note',
            text: `task ${task.index} of ${started?.stages.stages[task.stage]?.name} is tried again: ${fault.message}`,
          }),
      },
    }
    const ended = (report: RunReport, last: boolean) => {
      planned = null
      const shown: RunReport = crash.error ? { ...report, status: 'failed' } : report
      return tell({ type: 'report', report: shown, last })
    }
    const { definition } = await loadPipeline(words.positional[0] as string, told.export ?? null)
    refuseOptionNames(definition.definition, definition.params)
    await runInOrder(options, { within: backfillOf(words), ended })
  } catch (error) {
    const usage = error instanceof Fault && error.kind === 'pipeline'
    await tell({
      type: 'refused',
      fault: faultToJson(withOptionHint(error, told.params ?? {})),
      usage,
    })
  } finally {
    clearInterval(timer)
  }
  process.exit(0)
}

/** An error that no one catches, such as in a timer of the user's module, fails the run, which cleans up. */
function watchForCrash(stop: AbortController): { readonly error: unknown } {
  const crash: { error: unknown } = { error: null }
  const hear = (error: unknown): void => {
    crash.error ??= error
    const { message, detail } = faultToJson(error)
    stop.abort(
      new Fault('pipeline', `an error was thrown outside of any step: ${message}`, { detail }),
    )
  }
  process.on('uncaughtException', hear)
  process.on('unhandledRejection', hear)
  return crash
}

await main(process.argv.slice(2))
