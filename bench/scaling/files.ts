/** The Parquet files of case (c): their size, and how fast DuckDB reads all columns of each tool's. */
import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ask } from '../answers.ts'
import { parquetFiles } from '../cases/sql.ts'
import { inputsOf } from '../inputs.ts'
import { measure } from '../measure/measure.ts'
import type { Round } from '../rounds.ts'
import { SCALED_TOOLS, type ScaledTool } from './workers.ts'

export interface FilesResult {
  readonly tool: ScaledTool
  readonly files: number
  readonly bytes: number
  /** Of each round. */
  readonly seconds: readonly number[]
}

export async function runFiles(run: Round): Promise<FilesResult[]> {
  const { inputs, threads, say } = run
  const places = await inputsOf(inputs, 'csv')
  const results = []
  for (const tool of SCALED_TOOLS) {
    const output = join(inputs.folder, `out-files-${tool}`)
    await measure(tool, { ...run, places: { ...places, output } }, 'time')
    const paths = globSync('**/*.parquet', { cwd: output })
    const bytes = paths.reduce((sum, path) => sum + statSync(join(output, path)).size, 0)
    results.push({ tool, output, files: paths.length, bytes, seconds: [] as number[] })
  }
  for (let round = 0; round <= run.rounds; round++)
    for (const { tool, output, seconds } of results) {
      const started = performance.now()
      const read = `SELECT sum(hash(COLUMNS(*))) FROM ${parquetFiles(output)}`
      await ask(`SET threads=${threads}; ${read}`)
      const taken = (performance.now() - started) / 1000
      // The first round brings the files into the system's cache.
      if (round === 0) continue
      seconds.push(taken)
      say(`round ${round}, DuckDB reads the files of ${tool}: ${taken.toFixed(2)} s`)
    }
  return results
}
