/** The engine's process as its parent sees it: what it told, what it printed, how it ended. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RunReport, StageReport } from '../engine/run/report.ts'
import { engineEnv } from './engine-env.ts'
import type { Step } from './progress-line.ts'
import type { ProgressLines } from './progress-lines.ts'
import type { FromEngine } from './run-child.ts'

export interface Ended {
  readonly code: number | null
  readonly signal: string | null
}
type Told<T extends FromEngine['type']> = Extract<FromEngine, { type: T }>

/** V8 prints pages before it aborts; of that, one line is for the user. */
const V8_DUMP = /<--- |^#\n# Fatal|FATAL ERROR: /m
const DUMP_BYTES_MAX = 100_000
/** A process of the user's that keeps our pipes open does not keep us waiting. */
const PIPES_MS = 1000

export class EngineProcess {
  report: RunReport | null = null
  refused: Told<'refused'> | null = null
  begun: Told<'begun'> | null = null
  peakRssBytes = 0
  /** What V8 printed when it aborted. */
  dump = ''
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  readonly #lines: ProgressLines
  readonly #ended: (report: RunReport) => void
  readonly #steps = new Map<number, Step>()

  /** `prints`: where the pipeline's own standard output goes; `ended`: told of a run that others follow. */
  constructor(
    argv: readonly string[],
    lines: ProgressLines,
    { prints, ended }: { prints: NodeJS.WriteStream; ended(report: RunReport): void },
  ) {
    this.#lines = lines
    this.#ended = ended
    this.#child = fork(fileURLToPath(childModule), [...argv], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: process.execArgv,
      env: engineEnv(process.env),
    })
    this.#child.on('message', (message: FromEngine) => this.#hear(message))
    this.#child.stdout?.on('data', (data: Buffer) => this.#print(data, prints))
    this.#child.stderr?.on('data', (data: Buffer) => this.#error(data))
    this.ended = new Promise(resolve => {
      this.#child.on('error', () => resolve({ code: 1, signal: null }))
      this.#child.on('close', (code, signal) => resolve({ code, signal }))
      this.#child.on('exit', (code, signal) =>
        setTimeout(() => resolve({ code, signal }), PIPES_MS).unref(),
      )
    })
  }

  /** What is known of the stages where the engine cannot report any more. */
  get stages(): StageReport[] {
    return [...this.#steps.values()].map(({ name, rows, seconds, tasks }) => ({
      name,
      rowsIn: rows,
      rowsOut: 0,
      seconds,
      spilledBytes: 0,
      splitLevels: 0,
      tasks,
    }))
  }

  stop(): void {
    if (this.#child.connected) this.#child.send('stop')
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #hear(message: FromEngine): void {
    if (message.type === 'report' && message.last) this.report = message.report
    else if (message.type === 'report') {
      this.#steps.clear()
      this.#ended(message.report)
    } else if (message.type === 'refused') this.refused = message
    else if (message.type === 'begun') this.begun = message
    else if (message.type === 'note') this.#lines.note(message.text)
    else if (message.type === 'planning') this.#lines.planning(message)
    else {
      this.peakRssBytes = Math.max(this.peakRssBytes, message.rssBytes)
      this.#steps.set(message.stage, message)
      this.#lines.show(message)
    }
  }

  #print(data: Buffer, to: NodeJS.WriteStream): void {
    this.#lines.clear()
    to.write(data)
  }

  #error(data: Buffer): void {
    const text = data.toString()
    if (this.dump === '' && !V8_DUMP.test(text)) this.#print(data, process.stderr)
    else this.dump = (this.dump + text).slice(-DUMP_BYTES_MAX)
  }
}

const childModule = new URL(import.meta.resolve('#run-child'))
