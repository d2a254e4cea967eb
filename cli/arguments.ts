/** Reading a command line: known options with their types, everything else a pipeline's parameters. */
import { Fault, nearestName } from '../engine/fault.ts'

/** Wrong use of the command, which exits 2: the caller can mend it, so it is told as a `pipeline` fault. */
export class UsageError extends Fault {
  constructor(message: string, have?: readonly string[], near?: string) {
    const nearest = near === undefined || !have ? undefined : nearestName(near, have)
    super('pipeline', message, {
      detail: have ? [`have  ${have.join(' ')}`] : [],
      hint: nearest === undefined ? 'millrace --help' : `did you mean ${JSON.stringify(nearest)}?`,
    })
  }

  override render(): string {
    return super.render().replace(/^pipeline: /, 'usage: ')
  }
}

/** `count` may be 0, `number` not; `wait` may be 0, `seconds` not. */
export type OptionType =
  | 'text'
  | 'count'
  | 'number'
  | 'bytes'
  | 'seconds'
  | 'wait'
  | 'share'
  | 'time'
  | 'flag'
export interface Arguments {
  readonly positional: readonly string[]
  /** Options of the command, by name. */
  readonly options: ReadonlyMap<string, string | number | true>
  /** All other `--name value` pairs. */
  readonly rest: Readonly<Record<string, string | boolean>>
}

/** Splits a command line. Throws UsageError: a value is missing, of the wrong type, or given twice. */
export function readArguments(
  argv: readonly string[],
  types: Readonly<Record<string, OptionType>>,
): Arguments {
  const positional: string[] = []
  const options = new Map<string, string | number | true>()
  const rest: Record<string, string | boolean> = Object.create(null)
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string
    if (/^-[a-z]/i.test(word)) throw new UsageError(`option ${word} does not exist`)
    if (!word.startsWith('--')) {
      positional.push(word)
      continue
    }
    const equals = word.indexOf('=')
    const name = word.slice(2, equals < 0 ? undefined : equals)
    const type = Object.hasOwn(types, name) ? types[name] : undefined
    if (options.has(name) || Object.hasOwn(rest, name))
      throw new UsageError(`--${name} is given twice`)
    if (type === 'flag') {
      if (equals >= 0) throw new UsageError(`--${name} takes no value`)
      options.set(name, true)
      continue
    }
    const next = argv[i + 1]
    const value = equals >= 0 ? word.slice(equals + 1) : next
    const flag = equals < 0 && (next === undefined || (next.startsWith('--') && next.length > 2))
    if (type === undefined) rest[name] = flag ? true : (value as string)
    else if (flag) throw new UsageError(`--${name} needs a value`)
    else options.set(name, typed(name, type, value as string))
    if (equals < 0 && !flag) i++
  }
  return { positional, options, rest }
}

/** For a command that knows all its options. Throws UsageError: there is another. */
export function refuseOthers(
  { rest }: Arguments,
  types: Readonly<Record<string, OptionType>>,
): void {
  const [unknown] = Object.keys(rest)
  if (unknown === undefined) return
  throw new UsageError(`option --${unknown} does not exist`, Object.keys(types), unknown)
}

const EXPECTED = {
  count: 'a whole number',
  number: 'a whole number from 1',
  share: 'a share such as 0.1 or 10%',
} as const

function typed(name: string, type: OptionType, text: string): string | number {
  if (type === 'text' || type === 'flag') return text
  if (type === 'time') return timeOf(name, text)
  if (type === 'bytes') return bytesOf(name, text)
  if (type === 'seconds') return secondsOf(name, text, 1)
  if (type === 'wait') return secondsOf(name, text, 0)
  const percent = type === 'share' && text.endsWith('%')
  const value = percent ? Number(text.slice(0, -1)) / 100 : Number(text)
  const good =
    type === 'share'
      ? value >= 0 && value <= 1
      : Number.isSafeInteger(value) && value >= (type === 'number' ? 1 : 0)
  if (text.trim() === '' || !good)
    throw new UsageError(`--${name} ${JSON.stringify(text)} is not ${EXPECTED[type]}`)
  return value
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
}
/** Less would spill row by row. */
const BYTES_MIN = 16e6

function bytesOf(name: string, text: string): number {
  const found = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text)
  const unit = UNITS[found?.[2]?.toUpperCase() ?? 'none']
  if (!found || unit === undefined)
    throw new UsageError(`--${name} ${JSON.stringify(text)} is not a size such as 512MB`)
  const bytes = Math.round(Number(found[1]) * unit)
  if (bytes < BYTES_MIN) throw new UsageError(`--${name} ${text} is too little: 16MB at least`)
  return bytes
}

const TIME = /^\d{4}-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?)?$/

/** Epoch milliseconds; text without a zone is UTC. */
function timeOf(name: string, text: string): number {
  const zoned = text.length <= 10 || /(Z|[+-]\d\d:\d\d)$/.test(text)
  const ms = TIME.test(text) ? Date.parse(zoned ? text : `${text}Z`) : Number.NaN
  // Date.parse takes 30 February for 2 March.
  const day = text.slice(0, 10)
  if (!Number.isNaN(ms) && new Date(Date.parse(day)).toISOString().startsWith(day)) return ms
  throw new UsageError(
    `--${name} ${JSON.stringify(text)} is not a time such as 2026-11-21T10:00Z, 2026-11-21 or 2026-11`,
  )
}

const SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }

function secondsOf(name: string, text: string, least: number): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text) ?? []
  const seconds = Number(number) * (SECONDS[unit] as number)
  if (seconds >= least) return seconds
  throw new UsageError(`--${name} ${JSON.stringify(text)} is not a time such as 90s, 10m or 2h`)
}
