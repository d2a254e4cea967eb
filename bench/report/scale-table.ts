/** Rows against time: a table a case, and the same as curves for the plot. */
import type { Tool } from '../case.ts'
import { cases, letterOf } from '../cases/index.ts'
import type { CaseResult } from '../rounds.ts'
import { spreadOf } from '../statistics.ts'
import { markdown, megabytes, millions, NAMES, seconds } from './names.ts'
import type { Curve, Panel } from './plot.ts'

const TOOLS: readonly Tool[] = ['millrace', 'duckdb', 'polars']

const leastOf = (result: CaseResult, tool: Tool): number => {
  const found = result.tools.get(tool)
  return found && found.seconds.length > 0 ? spreadOf(found.seconds).least : Number.NaN
}

/** A row a case and tool: seconds at each number of rows, then megabytes. */
export function scaleTable(results: readonly CaseResult[]): string {
  const sizes = [...new Set(results.map(r => r.rows))].sort((a, b) => a - b)
  const names = [...new Set(results.map(r => r.name))]
  const at = (name: string, rows: number) =>
    results.find(r => r.name === name && r.rows === rows) as CaseResult
  const rows = names.flatMap(name =>
    TOOLS.map(tool => [
      `(${letterOf(name)}) ${NAMES[tool]}`,
      ...sizes.map(size => {
        const least = leastOf(at(name, size), tool)
        return Number.isNaN(least) ? 'left out' : seconds(least)
      }),
      ...sizes.map(size => megabytes(at(name, size).tools.get(tool)?.peakBytes ?? 0)),
    ]),
  )
  const head = [
    'case',
    ...sizes.map(size => `${millions(size)}, s`),
    ...sizes.map(size => `${millions(size)}, MB`),
  ]
  return markdown(head, rows)
}

export function scalePanels(results: readonly CaseResult[]): Panel[] {
  const names = [...new Set(results.map(r => r.name))]
  return names.map(name => ({
    title: `(${letterOf(name)}) ${cases[name]?.title}`,
    curves: TOOLS.map((tool): Curve => {
      const points = results
        .filter(r => r.name === name)
        .map(r => ({ x: r.rows / 1e6, y: leastOf(r, tool) }))
      return { name: NAMES[tool], points: points.filter(p => !Number.isNaN(p.y)) }
    }),
  }))
}
