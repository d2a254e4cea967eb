/** Tables of what stands beside the cases: cores, start, files, budgets. */
import { cases, letterOf } from '../cases/index.ts'
import type { FilesResult } from '../scaling/files.ts'
import type { Scaling } from '../scaling/index.ts'
import type { MemoryResult } from '../scaling/memory.ts'
import type { StartResult } from '../scaling/start.ts'
import { SCALED_TOOLS, type WorkersResult } from '../scaling/workers.ts'
import { spreadOf } from '../statistics.ts'
import { markdown, megabytes, millions, NAMES, seconds } from './names.ts'

const label = ({ name, rows }: { name: string; rows: number }): string =>
  `(${letterOf(name)}) ${cases[name]?.title}, ${millions(rows)} rows`
const medianOf = (values: readonly number[]): number => spreadOf(values).median

function spread(values: readonly number[], digits = 2): string {
  const { median, least, most } = spreadOf(values)
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`
}

export function workersTable(results: readonly WorkersResult[]): string {
  const head = SCALED_TOOLS.flatMap(tool => [
    `${NAMES[tool]}, one pinned, s`,
    'two, s',
    'one ÷ two',
  ])
  const rows = results.map(r => [
    label(r),
    ...SCALED_TOOLS.flatMap(tool => {
      const { one, two } = r.tools[tool]
      return [spread(one), spread(two), (medianOf(one) / medianOf(two)).toFixed(2)]
    }),
  ])
  return markdown(['case', ...head], rows)
}

export const startTable = (results: readonly StartResult[]): string =>
  markdown(
    ['run', 'seconds'],
    results.map(r => [r.title, spread(r.seconds, 3)]),
  )

export const filesTable = (results: readonly FilesResult[]): string =>
  markdown(
    ['files of', 'files', 'MB', 'DuckDB reads all columns, s'],
    results.map(r => [
      NAMES[r.tool],
      String(r.files),
      (r.bytes / 1e6).toFixed(1),
      spread(r.seconds, 3),
    ]),
  )

export const memoryBudgetTable = (results: readonly MemoryResult[]): string =>
  markdown(
    ['case', '--memory', 'peak MB of all processes', 'seconds', 'answer'],
    results.map(r => [
      label(r),
      r.budget,
      r.fault === null ? megabytes(r.peakBytes) : '',
      r.fault === null ? seconds(r.seconds) : '',
      r.fault === null ? 'as DuckDB’s' : r.fault.slice(0, 300),
    ]),
  )

export const scalingParagraphs = (scaling: Scaling): string[] => [
  '## One core and two',
  'One worker held on the first core by `taskset` against two workers on both, and DuckDB’s threads likewise; medians (least–most) of rounds in turn. A ratio of 2 is a second core put to full use.',
  workersTable(scaling.workers),
  '## Starting',
  'Whole processes, from start to exit; compiled code is kept from an earlier run.',
  startTable(scaling.start),
  '## Parquet files',
  'Case (c): what each tool wrote, and DuckDB’s time to read it all.',
  filesTable(scaling.files),
  '## Within a budget',
  'Peak: proportional set sizes of all processes together, sampled every 10 ms while the run is timed. The answers are compared with DuckDB’s, which has all memory.',
  memoryBudgetTable(scaling.memory),
]
