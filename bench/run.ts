/**
 * `npm run bench`: every case beside its peers, each tool in a process of its own, over the same files
 * with the same threads: answers, times, memory, then rows against time, then cores, start and budgets.
 * Prints the tables and, where nothing was narrowed, writes them to `results.md` and `scaling.md`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cases, letterOf } from './cases/index.ts'
import { type Installed, install } from './contestants/installed.ts'
import { inputSet } from './inputs.ts'
import { runMicro } from './micro/index.ts'
import { resultsText, scalingText, writeReport, writeScaling } from './report/write.ts'
import { type CaseResult, runCase } from './rounds.ts'
import { runScale } from './scale.ts'
import { runScaling } from './scaling/index.ts'
import { type Settings, settingsOf, USAGE } from './settings.ts'

const MICRO_ROWS = 1_000_000

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

async function main(settings: Settings): Promise<void> {
  const folder = scratch()
  if (settings.micro) {
    await runMicro({ folder, rows: MICRO_ROWS }, line => process.stdout.write(`${line}\n`))
    return
  }
  const { only, rows, rounds, threads } = settings
  const millrace = install(join(folder, 'app'))
  if (settings.scaling) return scaling(settings, { folder, millrace })
  const inputs = inputSet(folder, rows)
  const results: CaseResult[] = []
  for (const [name, found] of Object.entries(cases))
    if (only === null || only.includes(letterOf(name)))
      results.push(await runCase({ name, case: found, inputs, rounds, threads, millrace, say }))
  const scale = await runScale(settings, results, { folder, millrace, say })
  const findings = { cases: results, scale }
  process.stdout.write(`${resultsText(settings, findings)}\n`)
  if (only === null) writeReport(settings, findings)
  if (only === null) await scaling(settings, { folder, millrace })
  if (results.some(r => r.tools.get('millrace')?.fault !== null)) process.exitCode = 1
}

/** What stands beside the cases: printed and written, however few rows it was measured with. */
async function scaling(
  settings: Settings,
  at: { readonly folder: string; readonly millrace: Installed },
): Promise<void> {
  const found = await runScaling(settings, { ...at, say })
  process.stdout.write(`${scalingText(settings, found)}\n`)
  writeScaling(settings, found)
  if (found.memory.some(r => r.fault !== null)) process.exitCode = 1
}

/** A folder for inputs and outputs, removed however the bench ends. */
function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const retried = { maxRetries: 5, retryDelay: 100 }
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, ...retried }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  return folder
}

function read(): Settings | null {
  try {
    return settingsOf(process.argv.slice(2))
  } catch (error) {
    say(`${(error as Error).message}\n${USAGE}`)
    process.exitCode = 2
    return null
  }
}

const settings = read()
if (settings) await main(settings)
