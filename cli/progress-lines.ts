/**
 * Progress on standard error: on a terminal one live line a running stage, redrawn in place; else a
 * plain line when a stage ends, and every ten seconds of a long one.
 */
import type { WriteStream } from 'node:tty'
import type { FromEngine } from './run-child.ts'
import { bytes, count, seconds } from './units.ts'

type Step = Extract<FromEngine, { type: 'progress' }>
const LOG_EVERY_S = 10
const BAR = 20

export class ProgressLines {
  readonly #out: NodeJS.WriteStream | WriteStream
  readonly #live: boolean
  readonly #running = new Map<number, Step>()
  readonly #logged = new Map<number, number>()
  #drawn = 0

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
    this.#live = out.isTTY === true
  }

  /** The name of a step that was running last. */
  get current(): string | undefined {
    return [...this.#running.values()].at(-1)?.name
  }

  show(message: FromEngine): void {
    if (message.type === 'note') this.note(message.text)
    if (message.type !== 'progress') return
    if (message.ended) {
      this.#running.delete(message.stage)
      this.#clear()
      this.#out.write(`${this.#fit(lineOf(message, false))}\n`)
      this.#draw()
      return
    }
    this.#running.set(message.stage, message)
    if (this.#live) {
      this.#clear()
      this.#draw()
      return
    }
    const last = this.#logged.get(message.stage) ?? 0
    if (message.seconds - last < LOG_EVERY_S) return
    this.#logged.set(message.stage, message.seconds)
    this.#out.write(`${lineOf(message, false)}\n`)
  }

  note(text: string): void {
    this.#clear()
    this.#out.write(`${text}\n`)
    this.#draw()
  }

  end(): void {
    this.#clear()
  }

  #draw(): void {
    if (!this.#live) return
    for (const step of this.#running.values()) {
      this.#out.write(`${this.#fit(lineOf(step, true))}\n`)
      this.#drawn++
    }
  }

  #clear(): void {
    if (!this.#live || this.#drawn === 0) return
    this.#out.write(`\u001b[${this.#drawn}A\u001b[J`)
    this.#drawn = 0
  }

  #fit(line: string): string {
    const width = this.#live ? ((this.#out as WriteStream).columns ?? 100) : 200
    return line.length < width ? line : `${line.slice(0, Math.max(1, width - 2))}…`
  }
}

/** `read csv      ████████░░░░  62 %  1,234,567 rows  812,000 rows/s  64.1 MB/s  ETA 3 s` */
export function lineOf(step: Step, bar: boolean): string {
  const { rows, tasks, tasksDone } = step
  const done = step.ended
    ? 1
    : step.bytesTotal > 0
      ? Math.min(1, step.bytes / step.bytesTotal)
      : tasks > 0
        ? tasksDone / tasks
        : 0
  const time = Math.max(step.seconds, 0.001)
  const parts = [step.name.slice(0, 40).padEnd(40)]
  if (bar) parts.push('█'.repeat(Math.round(done * BAR)).padEnd(BAR, '░'))
  parts.push(
    `${String(Math.round(done * 100)).padStart(3)} %`,
    `${count(rows)} rows`,
    `${count(rows / time)} rows/s`,
  )
  if (step.bytes > 0) parts.push(`${bytes(step.bytes / time)}/s`)
  if (step.ended) parts.push(seconds(time))
  else if (done > 0.02) parts.push(`ETA ${seconds((time / done) * (1 - done))}`)
  return parts.join('  ')
}
