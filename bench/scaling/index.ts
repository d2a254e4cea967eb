/** The figures beside the cases: what a second core gives, starting, files, and keeping to a budget. */
import { join } from 'node:path'
import { cases } from '../cases/index.ts'
import type { Entry } from '../contestants/commands.ts'
import { inputSet, inputsOf, removeInputs } from '../inputs.ts'
import type { Round } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { type FilesResult, runFiles } from './files.ts'
import { type MemoryResult, runMemory } from './memory.ts'
import { runStart, type StartResult } from './start.ts'
import { runWorkers, type WorkersResult } from './workers.ts'

export interface Scaling {
  readonly workers: readonly WorkersResult[]
  readonly start: readonly StartResult[]
  readonly files: readonly FilesResult[]
  readonly memory: readonly MemoryResult[]
}

const WORKERS_CASES = ['b-group', 'c-write', 'd-latest']
const MEMORY_CASES = ['d-latest', 'j-many-keys']
const BUDGETS = ['512MB', '256MB']

export async function runScaling(
  settings: Settings,
  { folder, millrace, say }: Pick<Round, 'millrace' | 'say'> & { readonly folder: string },
): Promise<Scaling> {
  const { rows, rounds, threads, startRows, memoryRows } = settings
  const shared = { rounds, threads, millrace, say }
  const named = (name: string) => ({ name, case: cases[name] as Entry['case'] })
  const few = inputSet(join(folder, 'start'), startRows)
  const start = await runStart({ ...shared, inputs: few })
  removeInputs(few)
  const inputs = inputSet(folder, rows)
  const workers: WorkersResult[] = []
  for (const name of WORKERS_CASES)
    workers.push(await runWorkers({ ...shared, ...named(name), inputs }))
  const files = await runFiles({ ...shared, ...named('c-write'), inputs })
  const many = inputSet(folder, memoryRows)
  const memory: MemoryResult[] = []
  say(`${memoryRows} rows are made`)
  await inputsOf(many, 'csv')
  for (const name of MEMORY_CASES)
    memory.push(...(await runMemory({ ...shared, ...named(name), inputs: many }, BUDGETS)))
  if (memoryRows !== rows) removeInputs(many)
  return { workers, start, files, memory }
}
