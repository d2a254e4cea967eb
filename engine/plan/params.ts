/**
 * Parameters of a pipeline: declared with `param`, given as text by a command line or as values by a
 * test, and read here, once, before `build` is called.
 */
import { refuse, quote } from './refuse.ts'
import { show } from '../data/value.ts'

export interface ParamSpec {
  readonly type: 'uri' | 'text' | 'secret' | 'number' | 'flag' | 'date' | 'oneOf'
  /** Null: it must be given. As a user would write it. */
  readonly fallback: string | number | boolean | null
  /** What a `oneOf` may be. */
  readonly values: readonly string[] | null
}
export type ParamSpecs = Readonly<Record<string, ParamSpec>>
export type ParamValues = Readonly<Record<string, string | number | boolean>>

/** Reads raw values by their declarations. Throws pipeline: misspelt, missing, or not of its type. */
export function parseParams(
  pipeline: string,
  specs: ParamSpecs,
  raw: Record<string, unknown>,
): ParamValues {
  const have = Object.keys(specs)
  for (const name of Object.keys(raw))
    if (!Object.hasOwn(specs, name))
      refuse(`pipeline ${quote(pipeline)} has no parameter ${quote(name)}`, { have, near: name })
  const values: Record<string, string | number | boolean> = {}
  for (const [name, spec] of Object.entries(specs)) {
    const given = Object.hasOwn(raw, name) ? raw[name] : undefined
    const value = given === undefined ? spec.fallback : given
    if (value === null)
      refuse(`parameter ${quote(name)} is missing`, { have, hint: missingHint(name, spec) })
    values[name] = readers[spec.type](name, value, spec)
  }
  return values
}

const missingHint = (name: string, spec: ParamSpec): string =>
  spec.values === null
    ? `give it, such as --${name} <${spec.type}>`
    : `give it, one of: ${spec.values.join(' ')}`

type Reader = (name: string, value: unknown, spec: ParamSpec) => string | number | boolean

function wrong(name: string, expected: string, value: unknown, hint?: string): never {
  refuse(`parameter ${quote(name)}: expected ${expected}, got ${show(value)}`, { hint })
}

const readText: Reader = (name, value) =>
  typeof value === 'string' ? value : wrong(name, 'text', value)

const readSecret: Reader = (name, value) =>
  typeof value === 'string' ? value : wrong(name, 'text', '***')

const readUri: Reader = (name, value) => {
  if (typeof value !== 'string' || value === '') wrong(name, 'a path or URI', value)
  return value
}

const readNumber: Reader = (name, value) => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) wrong(name, 'a number', value)
  return number
}

const readFlag: Reader = (name, value) => {
  if (value === true || value === 'true' || value === '') return true
  if (value === false || value === 'false') return false
  return wrong(name, 'true or false', value)
}

const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/

/** ISO text becomes epoch milliseconds; text without a zone is UTC. */
const readDate: Reader = (name, value) => {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  const hint = 'write it as 2011-12-09 or 2011-12-09T12:50:00Z'
  if (typeof value !== 'string' || !ISO.test(value)) return wrong(name, 'a date', value, hint)
  const zoned = value.length === 10 || /(Z|[+-]\d\d:\d\d)$/.test(value)
  const ms = Date.parse(zoned ? value : `${value}Z`)
  // Date.parse takes 30 February for 2 March.
  const day = value.slice(0, 10)
  const real = new Date(Date.parse(`${day}T00:00:00Z`))
  if (Number.isNaN(ms) || Number.isNaN(real.getTime()) || real.toISOString().slice(0, 10) !== day)
    wrong(name, 'a date', value, hint)
  return ms
}

const readOneOf: Reader = (name, value, { values }) => {
  if (typeof value === 'string' && values?.includes(value)) return value
  return refuse(`parameter ${quote(name)}: ${show(value)} is not one of its values`, {
    have: values ?? [],
    near: String(value),
  })
}

const readers: Record<ParamSpec['type'], Reader> = {
  uri: readUri,
  text: readText,
  secret: readSecret,
  number: readNumber,
  flag: readFlag,
  date: readDate,
  oneOf: readOneOf,
}
