/** `millrace runs`: what the run ledger says of the last runs; `runs show ID`: all that it says of one. */
import { Fault, nearestName, redactUri } from '../engine/fault.ts'
import type { KeyValues } from '../engine/io/ledger.ts'
import { newestRuns, pipelinesIn, runsCalled, type ShownRun } from '../engine/run/ledger/history.ts'
import { type OptionType, readArguments, refuseOthers, UsageError } from './arguments.ts'
import { needLedger } from './ledger.ts'
import { renderRun, renderRuns } from './runs-text.ts'
import { columnsOf, oneLine } from './text-width.ts'

const OPTIONS: Readonly<Record<string, OptionType>> = {
  limit: 'number',
  ledger: 'text',
  json: 'flag',
}
const LIMIT = 20
/** Names of pipelines. */
const SHOWN = 20

export async function runs(argv: readonly string[]): Promise<number> {
  const words = readArguments(argv, OPTIONS)
  refuseOthers(words, OPTIONS)
  const { positional, options } = words
  const [first, id, ...more] = positional
  const show = first === 'show'
  if (more.length > 0 || (id !== undefined && !show) || (show && id === undefined))
    throw show
      ? new UsageError('runs show takes the id of one run: millrace runs lists them')
      : new UsageError('runs takes one pipeline, or show and the id of a run', ['show'], first)
  const values = await needLedger(options.get('ledger') as string | undefined)
  const json = options.has('json')
  if (show) {
    const [run, other] = await runsCalled(values, id as string)
    if (run === undefined) throw noRun(id as string, values.uri)
    if (other !== undefined)
      throw new UsageError(`several runs are called ${id} …: give more of it`)
    process.stdout.write(json ? `${JSON.stringify(run.record)}\n` : renderRun(run))
    return 0
  }
  const limit = (options.get('limit') as number | undefined) ?? LIMIT
  const found = await newestRuns(values, { pipeline: first ?? null, limit })
  process.stdout.write(
    json
      ? `${JSON.stringify(found.map(jsonOf))}\n`
      : found.length === 0
        ? await noRuns(values, first)
        : renderRuns(found, columnsOf(process.stdout)),
  )
  return 0
}

const jsonOf = ({ record, status }: ShownRun) => ({ ...record, status })

/** A pipeline's name may be misspelt. */
async function noRuns(values: KeyValues, pipeline: string | undefined): Promise<string> {
  const uri = redactUri(values.uri)
  if (pipeline === undefined)
    return `no runs in ${uri}\n  hint  runs are written down where they ran: give their --ledger, or set MILLRACE_LEDGER\n`
  const have = await pipelinesIn(values)
  const near = nearestName(pipeline, have)
  const lines = [`no runs of ${JSON.stringify(pipeline)} in ${uri}`]
  if (have.length > 0) lines.push(`  have  ${have.slice(0, SHOWN).map(oneLine).join(' ')}`)
  if (near !== undefined) lines.push(`  hint  did you mean ${JSON.stringify(near)}?`)
  return `${lines.join('\n')}\n`
}

const noRun = (id: string, uri: string): Fault =>
  new Fault('pipeline', `no run is called ${JSON.stringify(id)}`, {
    detail: [`ledger  ${uri}`],
    hint: 'millrace runs lists them',
  })
