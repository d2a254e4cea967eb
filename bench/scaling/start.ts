/**
 * How long a run takes that has next to nothing to do: one row, and 100,000, through the command and
 * in the process itself, beside Node alone. Whole processes, from start to exit.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Places } from '../case.ts'
import { cases } from '../cases/index.ts'
import type { Entry } from '../contestants/commands.ts'
import { type InputSet, inputsOf } from '../inputs.ts'
import { measure } from '../measure/measure.ts'
import type { Round } from '../rounds.ts'

export interface StartResult {
  readonly title: string
  /** Of each round. */
  readonly seconds: readonly number[]
}

/** `inputs` holds the rows of the longer run. */
export async function runStart({
  inputs,
  rounds,
  threads,
  millrace,
  say,
}: Pick<Round, 'inputs' | 'rounds' | 'threads' | 'millrace' | 'say'>): Promise<StartResult[]> {
  const many = await inputsOf(inputs, 'csv')
  const one = firstRow(inputs)
  const entryOf = (name: string, places: Omit<Places, 'output'>, guarded: boolean): Entry => ({
    ...{ name, case: cases[name] as Entry['case'], threads, millrace, guarded },
    places: { ...places, output: join(inputs.folder, 'out-start') },
  })
  const rows = inputs.rows.toLocaleString('en-US')
  const runs: readonly (readonly [string, Entry | null])[] = [
    ['Node alone (`node -e 0`)', null],
    ['one row, in the process itself', entryOf('a-scan', one, false)],
    ['one row, through the command', entryOf('a-scan', one, true)],
    [`${rows} rows grouped, in the process itself`, entryOf('b-group', many, false)],
    [`${rows} rows grouped, through the command`, entryOf('b-group', many, true)],
  ]
  const results = runs.map(([title]) => ({ title, seconds: [] as number[] }))
  // The first run of each compiles, and is not counted.
  for (const [, entry] of runs) if (entry) await measure('millrace', entry, 'time')
  for (let round = 1; round <= rounds; round++)
    for (const [i, [title, entry]] of runs.entries()) {
      const seconds = entry ? (await measure('millrace', entry, 'time')).seconds : nodeAlone()
      results[i]?.seconds.push(seconds)
      say(`start, round ${round}, ${title}: ${seconds.toFixed(3)} s`)
    }
  return results
}

function nodeAlone(): number {
  const started = performance.now()
  const { status, stderr } = spawnSync(process.execPath, ['-e', '0'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`node -e 0 ended with ${status}: ${stderr}`)
  return (performance.now() - started) / 1000
}

/** A file of the header and the first line. */
function firstRow({ folder }: InputSet): Omit<Places, 'output'> {
  const [header, line] = readFileSync(join(folder, 'csv/lines-0.csv'), 'utf8').split('\n', 2)
  const input = join(folder, 'one-row/line.csv')
  mkdirSync(join(folder, 'one-row'), { recursive: true })
  writeFileSync(input, `${header}\n${line}\n`)
  return { input, products: join(folder, 'products.csv') }
}
