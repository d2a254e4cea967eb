/** Rows against time and memory: cases over inputs of several sizes, which are made and removed in turn. */
import { cases } from './cases/index.ts'
import { inputSet, removeInputs } from './inputs.ts'
import { type CaseResult, type Round, runCase } from './rounds.ts'
import type { Settings } from './settings.ts'

/** `known`: results of the main rounds, which count for their number of rows. */
export async function runScale(
  settings: Settings,
  known: readonly CaseResult[],
  { folder, millrace, say }: Pick<Round, 'millrace' | 'say'> & { readonly folder: string },
): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  const scaled = known.filter(result => cases[result.name]?.scales)
  for (const rows of settings.scale) {
    const inputs = inputSet(folder, rows)
    for (const { name } of scaled) {
      const same = known.find(result => result.name === name && result.rows === rows)
      if (!same) say(`${rows} rows`)
      const found = cases[name]
      if (same) results.push(same)
      else if (found)
        results.push(
          await runCase({
            ...{ name, case: found, inputs, millrace, say },
            rounds: settings.scaleRounds,
            threads: settings.threads,
          }),
        )
    }
    if (rows !== settings.rows) removeInputs(inputs)
  }
  return results
}
