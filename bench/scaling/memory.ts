/** Operators that keep rows, told to keep within a budget smaller than those: right answers, and at which peak. */
import { join } from 'node:path'
import { type Answer, answerOf, difference } from '../answers.ts'
import { letterOf } from '../cases/index.ts'
import type { Entry } from '../contestants/commands.ts'
import { inputsOf } from '../inputs.ts'
import { measure } from '../measure/measure.ts'
import type { Round } from '../rounds.ts'
import { rmSync } from 'node:fs'

export interface MemoryResult {
  readonly name: string
  readonly rows: number
  readonly budget: string
  readonly seconds: number
  readonly peakBytes: number
  /** Why it does not count: it failed, or its answer is not DuckDB's; null: neither. */
  readonly fault: string | null
}

/** A case within each budget, its answers held against DuckDB's, which has all memory. */
export async function runMemory(
  run: Omit<Round, 'rounds'>,
  budgets: readonly string[],
): Promise<MemoryResult[]> {
  const { inputs, say, name } = run
  const output = join(inputs.folder, 'out-memory')
  const places = { ...(await inputsOf(inputs, run.case.input ?? 'csv')), output }
  const entry: Entry = { ...run, places }
  await measure('duckdb', entry, 'time')
  const expected = await answerOf(run.case.answers(output))
  const results: MemoryResult[] = []
  for (const budget of budgets) {
    const found = await within({ ...entry, memory: budget }, expected)
    const result = { name, rows: inputs.rows, budget, ...found }
    const megabytes = Math.round(result.peakBytes / 1e6)
    say(
      `(${letterOf(name)}) ${inputs.rows} rows within ${budget}: ${result.fault ?? `${megabytes} MB at most, ${result.seconds.toFixed(1)} s`}`,
    )
    results.push(result)
  }
  rmSync(output, { recursive: true, force: true })
  return results
}

async function within(
  entry: Entry,
  expected: Answer,
): Promise<Pick<MemoryResult, 'seconds' | 'peakBytes' | 'fault'>> {
  try {
    const measured = await measure('millrace', entry, 'memory')
    const answer = await answerOf(entry.case.answers(entry.places.output))
    return { ...measured, fault: difference(answer, expected) }
  } catch (error) {
    return { seconds: Number.NaN, peakBytes: 0, fault: (error as Error).message }
  }
}
