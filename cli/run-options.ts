/** The options of `millrace run`; any other `--name value` is a parameter of the pipeline. */
import { Fault, nearestName } from '../engine/fault.ts'
import type { RunOptions } from '../engine/run/options.ts'
import type { Interval } from '../engine/plan/interval.ts'
import { type Arguments, type OptionType, UsageError } from './arguments.ts'

export const RUN_OPTIONS: Readonly<Record<string, OptionType>> = {
  workers: 'number',
  memory: 'bytes',
  limit: 'number',
  'max-rejects': 'share',
  'task-timeout': 'seconds',
  'spill-limit': 'bytes',
  export: 'text',
  scratch: 'text',
  interval: 'time',
  from: 'time',
  to: 'time',
  again: 'flag',
  ledger: 'text',
  overwrite: 'flag',
  resume: 'flag',
  'checkpoint-after': 'wait',
  json: 'flag',
}

/** Options whose value goes to the run as it was read, and what they are called there. */
const AS_READ: Readonly<Record<string, keyof RunOptions>> = {
  limit: 'limit',
  export: 'export',
  scratch: 'scratch',
  workers: 'workers',
  interval: 'interval',
  memory: 'memoryBytes',
  'spill-limit': 'spillBytesMax',
  'max-rejects': 'maxRejects',
  'checkpoint-after': 'checkpointAfterSeconds',
}

/** What a command line tells a run; what it does not say is left to the run's own defaults. */
export function runOptionsOf({ positional, options, rest }: Arguments): RunOptions {
  const told = Object.entries(AS_READ).flatMap(([option, name]) =>
    options.has(option) ? [[name, options.get(option)]] : [],
  )
  const seconds = options.get('task-timeout') as number | undefined
  return {
    pipeline: positional[0] as string,
    params: rest,
    overwrite: options.has('overwrite'),
    again: options.has('again'),
    resume: options.has('resume'),
    ...Object.fromEntries(told),
    ...(seconds === undefined ? {} : { taskTimeoutMs: seconds * 1000 }),
  }
}

/** Of a backfill: the time to run; null where one interval is run. Throws UsageError: half of it, or more than it. */
export function backfillOf({ options }: Pick<Arguments, 'options'>): Interval | null {
  const [start, end] = [options.get('from'), options.get('to')] as (number | undefined)[]
  if (start === undefined && end === undefined) return null
  if (start === undefined || end === undefined)
    throw new UsageError(`--from and --to belong together: --${end ? 'from' : 'to'} is missing`)
  for (const other of ['interval', 'limit', 'resume'])
    if (options.has(other))
      throw new UsageError(`--${other} is for one run, --from and --to are for several`)
  return { start, end }
}

/** Throws pipeline: a command line could not give such a parameter. */
export function refuseOptionNames(
  pipeline: string,
  params: Readonly<Record<string, unknown>>,
): void {
  const taken = Object.keys(params).find(name => Object.hasOwn(RUN_OPTIONS, name))
  if (taken === undefined) return
  throw new Fault('pipeline', `parameter "${taken}" of ${pipeline} is called as an option of run`, {
    hint: `--${taken} is the option: give the parameter another name`,
  })
}

/** A parameter that the pipeline does not have may be a misspelt option of the command: says which. */
export function withOptionHint(error: unknown, given: Readonly<Record<string, unknown>>): unknown {
  if (!(error instanceof Fault) || error.kind !== 'pipeline' || error.hint !== undefined)
    return error
  const name = Object.keys(given).find(n =>
    error.message.endsWith(`has no parameter ${JSON.stringify(n)}`),
  )
  const option = name === undefined ? undefined : nearestName(name, Object.keys(RUN_OPTIONS))
  const { kind, message, detail, cause } = error
  const options = `options  ${Object.keys(RUN_OPTIONS)
    .map(o => `--${o}`)
    .join(' ')}`
  if (name === undefined) return error
  return new Fault(kind, message, {
    detail: [...detail, options],
    cause,
    ...(option === undefined ? {} : { hint: `did you mean the option --${option}?` }),
  })
}
