/** One stage's progress as a line of text: the wider the terminal, the more it says. */
import type { FromEngine } from './run-child.ts'
import { fill, fit, oneLine } from './text-width.ts'
import { bytes, count, eta, seconds, short } from './units.ts'

export type Step = Extract<FromEngine, { type: 'progress' }>

interface Layout {
  /** Columns of terminal from which it is used. */
  readonly from: number
  readonly name: number
  readonly bar: number
  readonly number: (n: number) => string
  readonly rates: boolean
}

/** Chosen by the terminal's width alone, so that a line keeps its form while its numbers grow. */
const LAYOUTS: readonly Layout[] = [
  { from: 136, name: 40, bar: 20, number: count, rates: true },
  { from: 112, name: 32, bar: 10, number: count, rates: true },
  { from: 72, name: 20, bar: 0, number: short, rates: true },
  { from: 0, name: 9, bar: 0, number: short, rates: false },
]

/**
 * At most `columns` wide:
 * `read csv a.csv  ████████░░░░   62 %  1,234,567 rows  812,000 rows/s  64.1 MB/s  ETA 3 s`
 */
export function lineOf(step: Step, columns: number): string {
  const layout = LAYOUTS.find(l => columns >= l.from) as Layout
  const { name, bar, number, rates } = layout
  const done = shareOf(step)
  const time = Math.max(step.seconds, 0.001)
  const parts = [fill(oneLine(step.name), name)]
  if (bar > 0 && !step.ended) parts.push('█'.repeat(Math.round(done * bar)).padEnd(bar, '░'))
  parts.push(`${String(Math.floor(done * 100)).padStart(3)} %`, `${number(step.rows)} rows`)
  if (rates) parts.push(`${number(step.rows / time)} rows/s`)
  if (rates && step.bytes > 0) parts.push(`${bytes(step.bytes / time)}/s`)
  if (step.ended) parts.push(seconds(time))
  else if (done > 0.02) parts.push(`ETA ${eta((time / done) * (1 - done))}`)
  return fit(parts.join('  '), columns)
}

export type Planning = Extract<FromEngine, { type: 'planning' }>

/** `planning  read csv s3://shop/in/*.csv  34,000 inputs found  256 looked into  12.1 s` */
export function planningLine(
  { name, found, looked, seconds: s }: Planning,
  columns: number,
): string {
  const wide = columns >= 72
  const parts = ['planning', wide ? oneLine(name) : fill(oneLine(name), 9)]
  if (found > 0) parts.push(`${count(found)} ${found === 1 ? 'input' : 'inputs'} found`)
  if (looked > 0) parts.push(`${count(looked)} looked into`)
  return fit([...parts, seconds(s)].join('  '), columns)
}

/** Of the bytes to read; of the tasks, where the stage reads no file. */
function shareOf({ ended, bytes: read, bytesTotal, tasks, tasksDone }: Step): number {
  if (ended) return 1
  if (bytesTotal > 0) return Math.min(1, read / bytesTotal)
  return tasks > 0 ? tasksDone / tasks : 0
}
