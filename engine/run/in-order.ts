/**
 * Runs of one pipeline after one another: the intervals of a backfill, and before a run the interval
 * whose run died while it was published. Each has its report; the first that does not end well is the
 * last, as the next one may build on it.
 */
import { type Interval, intervalsWithin } from '../plan/interval.ts'
import { Fault } from '../fault.ts'
import { loadPipeline } from './load.ts'
import type { RunOptions } from './options.ts'
import type { RunReport } from './report.ts'
import { runPipeline } from './run.ts'

export interface InOrder {
  /** Whole intervals within it are run; null: one, as the options say. */
  readonly within: Interval | null
  /** Told of each run; `last`: no other follows. */
  ended(report: RunReport, last: boolean): void | Promise<void>
}

/** Throws pipeline: the pipeline has no intervals, or none of them lies within. */
export async function runInOrder(options: RunOptions, order: InOrder): Promise<void> {
  const { within, ended } = order
  if (within === null) return runOne(options, report => ended(report, true), ended)
  const { pool, ...rest } = options
  const starts = await startsWithin(options, within).catch(async error => {
    await pool?.destroy()
    throw error
  })
  for (const [i, interval] of starts.entries()) {
    const last = i === starts.length - 1
    let well = true
    const hear = async (report: RunReport): Promise<void> => {
      well = isWell(report) && options.signal?.aborted !== true
      await ended(report, last || !well)
    }
    await runOne({ ...rest, ...(i === 0 && pool ? { pool } : {}), interval }, hear, ended)
    if (!well) return
  }
}

/** A run, and before it the one that an earlier run left unfinished. */
async function runOne(
  options: RunOptions,
  hear: (report: RunReport) => void | Promise<void>,
  ended: InOrder['ended'],
): Promise<void> {
  const { pool, ...rest } = options
  const report = await runPipeline(options)
  if (report.unfinished === undefined) return hear(report)
  const { start } = report.unfinished
  const before = await runPipeline({ ...rest, interval: start, again: false })
  if (!isWell(before)) return hear(before)
  await ended(before, false)
  await hear(await runPipeline(rest))
}

const isWell = ({ status }: RunReport): boolean => status === 'done' || status === 'skipped'

async function startsWithin(options: RunOptions, within: Interval): Promise<number[]> {
  const { pipeline, export: name = null } = options
  const definition =
    typeof pipeline === 'string' ? (await loadPipeline(pipeline, name)).definition : pipeline
  if (definition.every === null)
    throw new Fault('pipeline', `pipeline "${definition.definition}" has no intervals`, {
      hint: "declare them, such as every: 'hour', or leave out --from and --to",
    })
  return intervalsWithin(definition.every, within, Date.now()).map(i => i.start)
}
