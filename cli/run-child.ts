/** The process that `millrace run` starts: the engine itself. Reports to its parent by messages. */
import { Fault, type FaultJson, faultToJson } from '../engine/fault.ts'
import type { StageRun } from '../engine/run/stage-run.ts'
import type { RunReport } from '../engine/run/report.ts'
import { type RunOptions, runPipeline } from '../engine/run/run.ts'
import { skewOf } from '../engine/run/skew.ts'
import { readArguments, UsageError } from './arguments.ts'
import { RUN_OPTIONS } from './run-options.ts'

export type FromEngine =
  | { readonly type: 'stages'; readonly names: readonly string[] }
  | {
      readonly type: 'progress'
      readonly stage: number
      readonly name: string
      readonly rows: number
      readonly bytes: number
      /** Bytes that the stage has to read in all; 0 where it reads exchanges. */
      readonly bytesTotal: number
      readonly tasksDone: number
      readonly tasks: number
      readonly seconds: number
      readonly ended: boolean
    }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'report'; readonly report: RunReport }
  | { readonly type: 'refused'; readonly fault: FaultJson; readonly usage: boolean }

const EVERY_MS = 200

const tell = (message: FromEngine): Promise<void> =>
  new Promise(resolve => {
    if (!process.connected) return resolve()
    if (!process.send) return resolve()
    process.send(message, () => resolve())
  })

async function main(argv: readonly string[]): Promise<void> {
  const { positional, options, rest } = readArguments(argv, RUN_OPTIONS)
  const stop = new AbortController()
  process.on('message', message => {
    if (message === 'stop') stop.abort(new Fault('resource', 'the run was stopped'))
  })
  process.on('disconnect', () => process.exit(1))
  // The terminal sends Ctrl-C to the whole group; the parent decides what it means.
  process.on('SIGINT', () => {})
  const open = new Map<StageRun, NodeJS.Timeout | null>()
  let started: Parameters<NonNullable<RunOptions['started']>>[0] | null = null
  const show = (run: StageRun, ended: boolean) => {
    const { rows, bytes } = started?.progress.read(run.stage.id) ?? { rows: 0, bytes: 0 }
    void tell({
      type: 'progress',
      stage: run.stage.id,
      name: run.stage.name,
      rows,
      bytes,
      bytesTotal: run.splits.reduce((sum, s) => sum + s.bytes, 0),
      tasksDone: run.results.filter(r => r !== undefined).length,
      tasks: run.tasks.length,
      seconds: ended ? run.seconds : (performance.now() - run.startedMs) / 1000,
      ended,
    })
  }
  const timer = setInterval(() => {
    for (const run of open.keys()) show(run, false)
  }, EVERY_MS)
  const number = (name: string) => options.get(name) as number | undefined
  const workers = number('workers')
  const memory = number('memory')
  const maxRejects = number('max-rejects')
  const text = (name: string) => options.get(name) as string | undefined
  try {
    const report = await runPipeline({
      pipeline: positional[0] as string,
      params: rest,
      limit: number('limit') ?? null,
      overwrite: options.has('overwrite'),
      signal: stop.signal,
      ...(text('export') === undefined ? {} : { export: text('export') as string }),
      ...(text('scratch') === undefined ? {} : { scratch: text('scratch') as string }),
      ...(workers === undefined ? {} : { workers }),
      ...(memory === undefined ? {} : { memoryBytes: memory }),
      ...(maxRejects === undefined ? {} : { maxRejects }),
      started: run => {
        started = run
        void tell({ type: 'stages', names: run.stages.stages.map(s => s.name) })
      },
      watch: {
        stageStarted: run => open.set(run, null),
        stageEnded: run => {
          open.delete(run)
          for (const skew of skewOf(run))
            void tell({
              type: 'note',
              text: `hot key in ${skew.step}: ${skew.rows} rows, ${Math.round(skew.share * 100)} % of all, have one hash of ${skew.keys.join(', ')}`,
            })
          show(run, true)
        },
        retried: (task, fault) =>
          void tell({
            type: 'note',
            text: `task ${task.index} of stage ${task.stage} is tried again: ${fault.message}`,
          }),
      },
    })
    await tell({ type: 'report', report })
  } catch (error) {
    const usage =
      error instanceof UsageError || (error instanceof Fault && error.kind === 'pipeline')
    await tell({ type: 'refused', fault: faultToJson(error), usage })
  } finally {
    clearInterval(timer)
    if (process.connected) process.disconnect?.()
  }
  process.exit(0)
}

await main(process.argv.slice(2))
