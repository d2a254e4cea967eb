/**
 * A case over one set of inputs: first one run of each tool, whose answer is compared and whose memory
 * is watched, then rounds in which the tools take turns. A tool that fails or answers otherwise is left
 * out of the rounds, and that is reported.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Answer, answerOf, difference } from './answers.ts'
import type { Case, Tool } from './case.ts'
import { letterOf } from './cases/index.ts'
import type { Entry } from './contestants/commands.ts'
import type { Installed } from './contestants/installed.ts'
import { type InputSet, inputsOf } from './inputs.ts'
import { measure } from './measure/measure.ts'

export interface Result {
  /** Of each round; empty where the tool was left out. */
  readonly seconds: readonly number[]
  readonly peakBytes: number
  /** Why the tool was left out; null: it was not. */
  readonly fault: string | null
}

export interface CaseResult {
  readonly name: string
  readonly rows: number
  readonly tools: ReadonlyMap<Tool, Result>
}

export interface Round {
  readonly name: string
  readonly case: Case
  readonly inputs: InputSet
  readonly rounds: number
  readonly threads: number
  readonly millrace: Installed
  readonly say: (line: string) => void
}

export async function runCase(run: Round): Promise<CaseResult> {
  const { inputs, say } = run
  const places = await inputsOf(inputs, run.case.input ?? 'csv')
  const entryOf = (tool: Tool): Entry => ({
    name: run.name,
    case: run.case,
    places: { ...places, output: join(inputs.folder, `out-${tool}`) },
    threads: run.threads,
    millrace: run.millrace,
  })
  const results = await compare(run, entryOf)
  const able = run.case.tools.filter(tool => results.get(tool)?.fault === null)
  for (let round = 1; round <= run.rounds; round++)
    for (const tool of able) {
      const { seconds } = await measure(tool, entryOf(tool), 'time')
      results.get(tool)?.seconds.push(seconds)
      say(`(${letterOf(run.name)}) round ${round} ${tool} ${seconds.toFixed(2)} s`)
    }
  for (const tool of run.case.tools)
    rmSync(entryOf(tool).places.output, { recursive: true, force: true })
  return { name: run.name, rows: inputs.rows, tools: results }
}

type Results = Map<Tool, Omit<Result, 'seconds'> & { seconds: number[] }>

/** The first tool's answer is the one expected: an engine that is not ours, or the program by hand. */
async function compare(run: Round, entryOf: (tool: Tool) => Entry): Promise<Results> {
  const results: Results = new Map()
  let expected: Answer | null = null
  for (const tool of run.case.tools) {
    const entry = entryOf(tool)
    let peakBytes = 0
    let fault: string | null = null
    try {
      peakBytes = (await measure(tool, entry, 'memory')).peakBytes
      const answer = await answerOf(run.case.answers(entry.places.output))
      expected ??= answer
      fault = difference(answer, expected)
    } catch (error) {
      fault = (error as Error).message
    }
    if (fault !== null) run.say(`(${letterOf(run.name)}) ${tool} is left out: ${fault}`)
    results.set(tool, { seconds: [], peakBytes, fault })
  }
  return results
}
