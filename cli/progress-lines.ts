/**
 * Progress on standard error: on a terminal one live line a running stage, and one while a source is
 * planned, redrawn in place; else a plain line when a stage ends, and every ten seconds of a long one.
 * Each redraw is one write that overwrites line by line and clears what is left: nothing flickers. The
 * cursor is never hidden or left inside the lines, so whatever ends the process leaves the terminal as
 * it was.
 */
import type { WriteStream } from 'node:tty'
import { lineOf, type Planning, planningLine, type Step } from './progress-line.ts'
import { fit, oneLine } from './text-width.ts'

const LOG_EVERY_S = 10
const LOG_COLUMNS = 200
const UP = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A`)
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

export class ProgressLines {
  readonly #out: NodeJS.WriteStream | WriteStream
  readonly #live: boolean
  readonly #running = new Map<number, Step>()
  readonly #logged = new Map<number, number>()
  #planning: Planning | null = null
  #drawn = 0

  constructor(out: NodeJS.WriteStream) {
    this.#out = out
    this.#live = out.isTTY === true
  }

  /** The steps that run, a stage an entry. */
  get running(): string[] {
    return [...this.#running.values()].map(step => oneLine(step.steps))
  }

  /** Before anything is read. */
  planning(planning: Planning): void {
    const last = this.#planning?.name === planning.name ? this.#planning.seconds : 0
    if (this.#live) {
      this.#planning = planning
      this.#draw([])
    } else if (planning.seconds - last >= LOG_EVERY_S) {
      this.#planning = planning
      this.#draw([planningLine(planning, LOG_COLUMNS)])
    }
  }

  show(step: Step): void {
    this.#planning = null
    if (step.ended) {
      this.#running.delete(step.stage)
      this.#draw([lineOf(step, this.#columns)])
      return
    }
    this.#running.set(step.stage, step)
    if (this.#live) {
      this.#draw([])
      return
    }
    const last = this.#logged.get(step.stage) ?? 0
    if (step.seconds - last < LOG_EVERY_S) return
    this.#logged.set(step.stage, step.seconds)
    this.#draw([lineOf(step, LOG_COLUMNS)])
  }

  note(text: string): void {
    this.#draw(text.split('\n'))
  }

  /** Makes way for text that something else writes to the same terminal. */
  clear(): void {
    if (this.#live && this.#drawn > 0) this.#out.write(`${UP(this.#drawn)}${CLEAR_BELOW}`)
    this.#drawn = 0
  }

  end(): void {
    this.#running.clear()
    this.#planning = null
    this.clear()
  }

  get #columns(): number {
    return this.#live ? ((this.#out as WriteStream).columns || 80) - 1 : LOG_COLUMNS
  }

  /** Lines that stay, and below them the live ones: as many as the terminal is high. */
  #draw(stay: readonly string[]): void {
    if (!this.#live) {
      for (const line of stay) this.#out.write(`${line}\n`)
      return
    }
    const columns = this.#columns
    const high = Math.max(1, ((this.#out as WriteStream).rows || 24) - 2)
    const steps = [...this.#running.values()]
    const shown = steps.slice(0, steps.length > high ? high - 1 : high)
    const lines = shown.map(step => lineOf(step, columns))
    if (shown.length < steps.length)
      lines.push(fit(`… and ${steps.length - shown.length} more`, columns))
    if (this.#planning) lines.unshift(planningLine(this.#planning, columns))
    const text = [...stay, ...lines].map(line => `${line}${CLEAR_LINE}\n`).join('')
    this.#out.write(`${UP(this.#drawn)}${text}${CLEAR_BELOW}`)
    this.#drawn = lines.length
  }
}
