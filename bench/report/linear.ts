/**
 * Whether time grows linearly with rows: seconds = start + slope × rows, fitted by least squares of
 * relative errors (else the longest run alone would decide), and how far any size lies from the line.
 */
import type { CaseResult } from '../rounds.ts'
import { letterOf } from '../cases/index.ts'
import { spreadOf } from '../statistics.ts'
import { markdown, millions, NAMES } from './names.ts'

export interface Point {
  readonly x: number
  readonly y: number
}
export interface Line {
  readonly start: number
  readonly slope: number
  /** The largest |seconds ÷ the line's − 1| of all sizes. */
  readonly deviation: number
}

/** Throws RangeError: fewer than two different x, or a y that is not above 0. */
export function lineOf(points: readonly Point[]): Line {
  if (new Set(points.map(p => p.x)).size < 2) throw new RangeError('a line needs two sizes')
  if (points.some(p => !(p.y > 0))) throw new RangeError('seconds are above 0')
  let [w, wx, wy, wxx, wxy] = [0, 0, 0, 0, 0]
  for (const { x, y } of points) {
    const weight = 1 / (y * y)
    w += weight
    wx += weight * x
    wy += weight * y
    wxx += weight * x * x
    wxy += weight * x * y
  }
  const slope = (w * wxy - wx * wy) / (w * wxx - wx * wx)
  const start = (wy - slope * wx) / w
  const deviations = points.map(({ x, y }) => Math.abs(y / (start + slope * x) - 1))
  return { start, slope, deviation: Math.max(...deviations) }
}

const TOOLS = ['millrace', 'duckdb'] as const

/** A row a case and tool that ran at two sizes or more. */
export function linearTable(results: readonly CaseResult[]): string {
  const names = [...new Set(results.map(r => r.name))]
  const rows = names.flatMap(name =>
    TOOLS.flatMap(tool => {
      const runs = results
        .filter(r => r.name === name)
        .flatMap(r => {
          const found = r.tools.get(tool)
          if (!found || found.seconds.length === 0) return []
          return [{ x: r.rows, y: spreadOf(found.seconds).least, bytes: found.peakBytes }]
        })
        .sort((a, b) => a.x - b.x)
      const [first, last] = [runs[0], runs.at(-1)]
      if (!first || !last || first.x === last.x) return []
      const { start, slope, deviation } = lineOf(runs)
      return [
        [
          `(${letterOf(name)}) ${NAMES[tool]}`,
          `${millions(first.x)}–${millions(last.x)}`,
          start.toFixed(2),
          (slope * 1e6).toFixed(3),
          `${(deviation * 100).toFixed(0)} %`,
          (last.bytes / first.bytes).toFixed(2),
        ],
      ]
    }),
  )
  const head = ['case', 'rows', 'start, s', 's a million rows', 'furthest from the line']
  return markdown([...head, 'peak memory, most rows ÷ fewest'], rows)
}
