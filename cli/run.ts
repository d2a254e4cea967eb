/**
 * `millrace run`: runs a pipeline in a child process, so that an abort of V8 (a heap that overflows
 * past catching) ends as a fault that names the step and says how to go on, not as a core dump.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Fault } from '../engine/fault.ts'
import { readArguments, UsageError } from './arguments.ts'
import { RUN_OPTIONS } from './run-options.ts'
import type { FromEngine } from './run-child.ts'
import { renderSummary } from './summary.ts'
import { ProgressLines } from './progress-lines.ts'
import type { RunReport } from '../engine/run/report.ts'

const EXIT = { done: 0, failed: 1, interrupted: 130 } as const

export async function run(argv: readonly string[]): Promise<number> {
  const { positional, options } = readArguments(argv, RUN_OPTIONS)
  if (positional.length !== 1) throw new UsageError('run takes one module')
  const json = options.has('json')
  const lines = new ProgressLines(process.stderr)
  const child = fork(fileURLToPath(childModule), [...argv], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: process.execArgv,
    detached: false,
  })
  let interrupts = 0
  const interrupt = () => {
    interrupts++
    if (interrupts === 1) {
      lines.note('stopping: removing what is unfinished (again to stop at once)')
      if (child.connected) child.send('stop')
    } else child.kill('SIGKILL')
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  let report: RunReport | null = null
  let refused: FromEngine | null = null
  child.on('message', (message: FromEngine) => {
    if (message.type === 'report') report = message.report
    else if (message.type === 'refused') refused = message
    else lines.show(message)
  })
  const ended = await new Promise<{ code: number | null; signal: string | null }>(resolve => {
    child.on('close', (code, signal) => resolve({ code, signal }))
    child.on('error', () => resolve({ code: 1, signal: null }))
  })
  process.off('SIGINT', interrupt)
  process.off('SIGTERM', interrupt)
  lines.end()
  const answer = report as RunReport | null
  if (answer) return finish(answer, json)
  const wrong = refused as FromEngine | null
  if (wrong?.type === 'refused') return refuse(wrong, json)
  if (interrupts > 0) return EXIT.interrupted
  return died(ended, lines, { argv, json })
}

const childModule = new URL(
  import.meta.url.endsWith('.ts') ? './run-child.ts' : './run-child.js',
  import.meta.url,
)

function finish(report: RunReport, json: boolean): number {
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`)
  else process.stdout.write(renderSummary(report))
  return EXIT[report.status]
}

/** The pipeline could not be started: wrong parameters, no such module. */
function refuse(refused: Extract<FromEngine, { type: 'refused' }>, json: boolean): number {
  const { kind, message, at, detail, hint } = refused.fault
  if (json) process.stdout.write(`${JSON.stringify({ status: 'failed', error: refused.fault })}\n`)
  const context = { detail, ...(at === null ? {} : { at }), ...(hint === null ? {} : { hint }) }
  process.stderr.write(`${new Fault(kind, message, context).render()}\n`)
  return refused.usage ? 2 : EXIT.failed
}

/** The engine's process ended without a word: V8 aborted, or the system killed it. */
function died(
  ended: { code: number | null; signal: string | null },
  lines: ProgressLines,
  o: { argv: readonly string[]; json: boolean },
): number {
  const how = ended.signal === null ? `exit code ${ended.code}` : `signal ${ended.signal}`
  const memory = ended.signal === 'SIGABRT' || ended.signal === 'SIGKILL' || ended.code === 134
  const stage = lines.current
  const fault = new Fault(
    'resource',
    `the engine's process died (${how})${stage ? ` in step ${stage}` : ''}`,
    {
      detail: memory
        ? ['it ran out of memory: a Map or array in user code may grow without bound']
        : [],
      hint: `run it again: millrace run ${o.argv.join(' ')}`,
    },
  )
  if (o.json) {
    const { kind, message, detail, hint } = fault
    process.stdout.write(
      `${JSON.stringify({ status: 'failed', error: { kind, message, at: null, detail, hint } })}\n`,
    )
  }
  process.stderr.write(`${fault.render()}\n`)
  return EXIT.failed
}
