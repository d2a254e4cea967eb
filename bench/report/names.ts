/** What tools and figures are called in the report. */
import type { Tool } from '../case.ts'

export const NAMES: Readonly<Record<Tool, string>> = {
  millrace: 'Millrace',
  'millrace-1': 'Millrace, 1 worker',
  duckdb: 'DuckDB',
  polars: 'Polars',
  hand: 'by hand, 1 thread',
}

export const megabytes = (bytes: number): string => String(Math.round(bytes / 1e6))
export const millions = (rows: number): string => `${rows / 1e6} M`
export const seconds = (s: number): string => s.toFixed(2)

/** A Markdown table. */
export const markdown = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
