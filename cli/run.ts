/**
 * `millrace run`: runs a pipeline in a child process, so that an abort of V8 (a heap that overflows
 * past catching) ends as a fault that names the step and says how to go on, not as a core dump.
 */
import { faultFromJson, faultToJson } from '../engine/fault.ts'
import { isResumable } from '../engine/run/checkpoint/dead-runs.ts'
import { removeScratch } from '../engine/run/checkpoint/scratch-folder.ts'
import type { RunReport } from '../engine/run/report.ts'
import { readArguments, UsageError } from './arguments.ts'
import { bareReport } from './bare-report.ts'
import { deathOf, stoppedAtOnce } from './death.ts'
import { EngineProcess } from './engine-process.ts'
import { Interrupts } from './interrupts.ts'
import { ProgressLines } from './progress-lines.ts'
import { backfillOf, RUN_OPTIONS } from './run-options.ts'
import { intervalLine, renderSummary } from './summary.ts'

const EXIT = { done: 0, skipped: 0, failed: 1, interrupted: 130 } as const
const WRONG_USAGE = 2

export async function run(argv: readonly string[]): Promise<number> {
  const { positional, options } = readArguments(argv, RUN_OPTIONS)
  if (positional.length !== 1)
    throw new UsageError(
      positional.length === 0
        ? 'run needs a module: the file that exports the pipeline'
        : `run takes one module, not also ${JSON.stringify(positional[1])} (quote a glob: 'data/*.csv')`,
    )
  const json = options.has('json')
  const lines = new ProgressLines(process.stderr)
  const many = backfillOf({ options }) !== null
  const told = many || json ? (one: RunReport) => tellOne(one, json) : renderOne
  const before = (report: RunReport) => {
    lines.clear()
    told(report)
  }
  const prints = json ? process.stderr : process.stdout
  const engine = new EngineProcess(argv, lines, { prints, ended: before })
  const interrupts = new Interrupts(
    () => {
      lines.note('stopping: removing what is unfinished (again to stop at once)')
      engine.stop()
    },
    () => engine.kill(),
  )
  const ended = await engine.ended
  // Once asked to stop, a late repetition must not end this process by the signal.
  if (!interrupts.any) interrupts.close()
  const { running } = lines
  lines.end()
  const { report, refused, begun } = engine
  if (report?.status === 'done' && interrupts.any)
    lines.note('its outputs were being published already: the run is done')
  if (report && many) return tellOne(report, json)
  if (report) return finish(report, json)
  if (refused) return refuse(refused, json)
  // It could not clean up after itself. Its outputs' unfinished folders stay: a rerun completes them.
  const resumable = begun !== null && isResumable(begun.scratch)
  if (begun && !resumable) removeScratch(begun.scratch)
  const again = resumable && !argv.includes('--resume') ? [...argv, '--resume'] : argv
  const death = { ended, running, argv: again, engine }
  const fault = interrupts.any ? stoppedAtOnce(again, resumable) : deathOf(death)
  const bare = bareReport(interrupts.any ? 'interrupted' : 'failed', {
    ...(begun ? { pipeline: begun.pipeline, runId: begun.runId } : {}),
    peakRssBytes: engine.peakRssBytes,
    stages: engine.stages,
    error: faultToJson(fault),
  })
  return finish(bare, json)
}

/** The summary goes to standard output, what went wrong to standard error. */
function finish(report: RunReport, json: boolean): number {
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : renderSummary(report))
  if (report.error) process.stderr.write(`${faultFromJson(report.error).render()}\n`)
  return EXIT[report.status]
}

/** A run that others follow: a line, or an object a line. */
function tellOne(report: RunReport, json: boolean): number {
  process.stdout.write(`${json ? JSON.stringify(report) : intervalLine(report)}\n`)
  if (report.error) process.stderr.write(`${faultFromJson(report.error).render()}\n`)
  return EXIT[report.status]
}

/** Before the run that was asked for: what an earlier one had left unfinished. */
function renderOne(report: RunReport): void {
  process.stdout.write(`completed first:\n${intervalLine(report)}\n\n`)
}

/** The pipeline could not be started: wrong parameters, no such module. */
function refuse(refused: NonNullable<EngineProcess['refused']>, json: boolean): number {
  const { fault, usage } = refused
  if (json) process.stdout.write(`${JSON.stringify(bareReport('failed', { error: fault }))}\n`)
  process.stderr.write(`${faultFromJson(fault).render()}\n`)
  return usage ? WRONG_USAGE : EXIT.failed
}
