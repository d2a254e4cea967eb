/** The tables of the main rounds: times with their spread, ratios with their geometric mean, memory. */
import { PEERS, type Tool } from '../case.ts'
import { cases, letterOf } from '../cases/index.ts'
import type { CaseResult, Result } from '../rounds.ts'
import { geometricMean, spreadOf } from '../statistics.ts'
import { markdown, megabytes, NAMES, seconds } from './names.ts'

const label = ({ name }: CaseResult): string => `(${letterOf(name)}) ${cases[name]?.title}`

/** Columns of the tools that take part anywhere. */
const toolsOf = (results: readonly CaseResult[]): Tool[] =>
  (Object.keys(NAMES) as Tool[]).filter(tool => results.some(r => r.tools.has(tool)))

function timeCell(result: Result | undefined): string {
  if (result === undefined) return ''
  if (result.fault !== null) return 'left out'
  const { median, least, most } = spreadOf(result.seconds)
  return `${seconds(median)} (${seconds(least)}–${seconds(most)})`
}

export function timesTable(results: readonly CaseResult[]): string {
  const tools = toolsOf(results)
  const head = ['case, seconds', ...tools.map(tool => NAMES[tool])]
  return markdown(
    head,
    results.map(r => [label(r), ...tools.map(tool => timeCell(r.tools.get(tool)))]),
  )
}

const medianOf = (result: CaseResult, tool: Tool): number => {
  const found = result.tools.get(tool)
  return found?.fault === null ? spreadOf(found.seconds).median : Number.NaN
}
const ratioText = (ratio: number): string => (Number.isNaN(ratio) ? '' : ratio.toFixed(2))

/** Above 1: Millrace is faster. The last column is against the faster peer of each case. */
export function ratiosTable(results: readonly CaseResult[]): string {
  const compared = results.filter(r => PEERS.some(peer => r.tools.has(peer)))
  const ratios = compared.map(r => {
    const each = PEERS.map(peer => medianOf(r, peer) / medianOf(r, 'millrace'))
    const known = each.filter(ratio => !Number.isNaN(ratio))
    return [...each, known.length > 0 ? Math.min(...known) : Number.NaN]
  })
  const means = ['', '', ''].map((_, column) =>
    geometricMean(ratios.map(row => row[column] as number).filter(ratio => !Number.isNaN(ratio))),
  )
  const head = ['time ÷ Millrace’s', ...PEERS.map(peer => NAMES[peer]), 'the faster peer']
  const rows = compared.map((r, i) => [label(r), ...(ratios[i] as number[]).map(ratioText)])
  return markdown(head, [...rows, ['geometric mean', ...means.map(ratioText)]])
}

export function memoryTable(results: readonly CaseResult[]): string {
  const tools = toolsOf(results)
  const cell = (result: Result | undefined) =>
    result === undefined || result.peakBytes === 0 ? '' : megabytes(result.peakBytes)
  return markdown(
    ['case, peak MB', ...tools.map(tool => NAMES[tool])],
    results.map(r => [label(r), ...tools.map(tool => cell(r.tools.get(tool)))]),
  )
}

/** A line a tool that was left out, with the reason; empty where there is none. */
export const faultLines = (results: readonly CaseResult[]): string[] =>
  results.flatMap(r =>
    [...r.tools].flatMap(([tool, { fault }]) =>
      fault === null
        ? []
        : [`- ${label(r)}, ${r.rows} rows: ${NAMES[tool]} is left out: ${fault.slice(0, 300)}`],
    ),
  )
