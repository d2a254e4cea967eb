/** `millrace runs`: what the run ledger says of the last runs; `runs show ID`: all that it says of one. */
import { Fault } from '../engine/fault.ts'
import { newestRuns, runsCalled, type ShownRun } from '../engine/run/ledger/history.ts'
import { type OptionType, readArguments, refuseOthers, UsageError } from './arguments.ts'
import { needLedger } from './ledger.ts'
import { renderRun, renderRuns } from './runs-text.ts'

const OPTIONS: Readonly<Record<string, OptionType>> = {
  limit: 'number',
  ledger: 'text',
  json: 'flag',
}
const LIMIT = 20

export async function runs(argv: readonly string[]): Promise<number> {
  const words = readArguments(argv, OPTIONS)
  refuseOthers(words, OPTIONS)
  const { positional, options } = words
  const [first, id, ...more] = positional
  const show = first === 'show'
  if (more.length > 0 || (id !== undefined && !show) || (show && id === undefined))
    throw new UsageError(show ? 'runs show takes the id of one run' : 'runs takes one pipeline')
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
    json ? `${JSON.stringify(found.map(jsonOf))}\n` : renderRuns(found, values.uri),
  )
  return 0
}

const jsonOf = ({ record, status }: ShownRun) => ({ ...record, status })

const noRun = (id: string, uri: string): Fault =>
  new Fault('pipeline', `no run is called ${JSON.stringify(id)}`, {
    detail: [`ledger  ${uri}`],
    hint: 'millrace runs lists them',
  })
