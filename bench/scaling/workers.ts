/**
 * What a second core gives: two workers on all cores against one worker held on the first core, and
 * DuckDB's two threads against one, measured so. The four take turns.
 */
import { join } from 'node:path'
import { letterOf } from '../cases/index.ts'
import type { Entry } from '../contestants/commands.ts'
import { inputsOf } from '../inputs.ts'
import { measure } from '../measure/measure.ts'
import type { Round } from '../rounds.ts'

export interface WorkersResult {
  readonly name: string
  readonly rows: number
  /** Seconds of each round. */
  readonly tools: Readonly<Record<ScaledTool, { readonly one: number[]; readonly two: number[] }>>
}

export const SCALED_TOOLS = ['millrace', 'duckdb'] as const
export type ScaledTool = (typeof SCALED_TOOLS)[number]

/** Answers are compared elsewhere, as are the bytes that one and two workers write. */
export async function runWorkers(run: Round): Promise<WorkersResult> {
  const { inputs, say, name } = run
  const places = await inputsOf(inputs, run.case.input ?? 'csv')
  const tools = { millrace: { one: [], two: [] }, duckdb: { one: [], two: [] } } as {
    readonly [tool in ScaledTool]: { readonly one: number[]; readonly two: number[] }
  }
  const entryOf = (tool: ScaledTool, pinned: boolean): Entry => ({
    ...{ name, case: run.case, millrace: run.millrace, pinned },
    places: { ...places, output: join(inputs.folder, `out-${tool}`) },
    threads: pinned ? 1 : run.threads,
  })
  for (let round = 1; round <= run.rounds; round++)
    for (const tool of SCALED_TOOLS)
      for (const pinned of [true, false]) {
        const { seconds } = await measure(tool, entryOf(tool, pinned), 'time')
        tools[tool][pinned ? 'one' : 'two'].push(seconds)
        const threads = pinned ? 'one pinned' : 'two'
        say(`(${letterOf(name)}) round ${round} ${tool}, ${threads}: ${seconds.toFixed(2)} s`)
      }
  return { name, rows: inputs.rows, tools }
}
