/** Reading a command line: known options with their types, everything else a pipeline's parameters. */
import { nearestName } from '../engine/fault.ts'

export class UsageError extends Error {
  constructor(message: string, have?: readonly string[], near?: string) {
    const nearest = near === undefined || !have ? undefined : nearestName(near, have)
    const lines = [`usage: ${message}`]
    if (have) lines.push(`  have  ${have.join(' ')}`)
    if (nearest !== undefined) lines.push(`  hint  did you mean ${JSON.stringify(nearest)}?`)
    else lines.push('  hint  millrace --help')
    super(lines.join('\n'))
  }
}

export type OptionType = 'text' | 'count' | 'bytes' | 'share' | 'flag'
export interface Arguments {
  readonly positional: readonly string[]
  /** Options of the command, by name. */
  readonly options: ReadonlyMap<string, string | number | true>
  /** All other `--name value` pairs. */
  readonly rest: Readonly<Record<string, string | boolean>>
}

/** Splits a command line. Throws UsageError: a value is missing or of the wrong type. */
export function readArguments(
  argv: readonly string[],
  types: Readonly<Record<string, OptionType>>,
): Arguments {
  const positional: string[] = []
  const options = new Map<string, string | number | true>()
  const rest: Record<string, string | boolean> = Object.create(null)
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string
    if (!word.startsWith('--')) {
      positional.push(word)
      continue
    }
    const equals = word.indexOf('=')
    const name = word.slice(2, equals < 0 ? undefined : equals)
    const type = Object.hasOwn(types, name) ? types[name] : undefined
    if (type === 'flag') {
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

function typed(name: string, type: OptionType, text: string): string | number {
  if (type === 'text') return text
  if (type === 'bytes') return bytesOf(name, text)
  const value =
    type === 'share' && text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text)
  const good =
    type === 'count' ? Number.isSafeInteger(value) && value >= 0 : value >= 0 && value <= 1
  if (text.trim() === '' || !good)
    throw new UsageError(
      `--${name} ${text} is not ${type === 'count' ? 'a whole number' : 'a share such as 0.1 or 10%'}`,
    )
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

function bytesOf(name: string, text: string): number {
  const found = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text)
  const unit = UNITS[found?.[2]?.toUpperCase() ?? 'none']
  if (!found || unit === undefined)
    throw new UsageError(`--${name} ${text} is not a size such as 512MB`)
  return Math.round(Number(found[1]) * unit)
}
