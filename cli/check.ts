/**
 * `millrace check URI…`: whether a run could use what a URI names, and what is missing. Each system's
 * connector checks its own; it is imported when a URI of it is given.
 */
import { Fault, faultToJson, redactUri } from '../engine/fault.ts'
import type { Check, CheckReport } from '../engine/io/check.ts'
import { readArguments, refuseOthers, UsageError } from './arguments.ts'
import { oneLine } from './text-width.ts'

const OPTIONS = { json: 'flag', timeout: 'seconds' } as const
const TIMEOUT_S = 60
const MISSING = 1
const WRONG_USAGE = 2
const RIGHT_URI = 'a URI that names it'

type Load = () => Promise<Check>
const files: Load = async () => (await import('../transforms/io/files/check.ts')).checkFiles
const objects: Load = async () => (await import('../transforms/io/objects/check.ts')).checkObjects
const postgres: Load = async () =>
  (await import('../transforms/io/postgres/check.ts')).checkPostgres
const mongo: Load = async () => (await import('../transforms/io/mongo/check.ts')).checkMongo

/** By the URI's scheme; '' for a path. */
const CHECKS: Readonly<Record<string, Load>> = {
  '': files,
  file: files,
  gs: objects,
  s3: objects,
  https: objects,
  http: objects,
  postgres,
  postgresql: postgres,
  bigquery: async () => (await import('../transforms/io/bigquery/check.ts')).checkBigQuery,
  duckdb: async () => (await import('../transforms/io/duckdb/check.ts')).checkDuckDb,
  mongodb: mongo,
  'mongodb+srv': mongo,
}

/** Exit code 0: all that was tried works, 1: something is missing, 2: a URI is wrong. */
export async function check(argv: readonly string[]): Promise<number> {
  const words = readArguments(argv, OPTIONS)
  refuseOthers(words, OPTIONS)
  const { positional, options } = words
  if (positional.length === 0)
    throw new UsageError("check needs a URI, such as gs://bucket/folder or 'duckdb:shop.duckdb'")
  const seconds = (options.get('timeout') as number | undefined) ?? TIMEOUT_S
  const checks = await Promise.all(positional.map(checkOf))
  const reports = await Promise.all(
    positional.map((uri, i) => within(checks[i] as Check, uri, seconds)),
  )
  const text = options.has('json') ? `${JSON.stringify(reports)}\n` : reports.map(render).join('\n')
  process.stdout.write(text)
  if (reports.some(r => r.missing.some(m => m.what === RIGHT_URI))) return WRONG_USAGE
  return reports.every(r => r.missing.length === 0) ? 0 : MISSING
}

/** A drive's letter is no scheme. Throws UsageError: no connector has it. */
export async function checkOf(uri: string): Promise<Check> {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(uri)?.[1]?.toLowerCase() ?? ''
  const load = Object.hasOwn(CHECKS, scheme) ? CHECKS[scheme] : undefined
  if (load !== undefined) return load()
  const have = Object.keys(CHECKS).filter(name => name !== '')
  throw new UsageError(
    `${JSON.stringify(redactUri(uri))} is of no system that can be checked`,
    have.map(name => `${name}:`),
    scheme,
  )
}

/** What a check throws is something that is missing: the other resources are told all the same. */
async function within(run: Check, uri: string, seconds: number): Promise<CheckReport> {
  const resource = redactUri(uri)
  const signal = AbortSignal.timeout(seconds * 1000)
  try {
    return await Promise.race([run(uri, signal), late(signal, resource, seconds)])
  } catch (error) {
    const { kind, message, detail, hint } = faultToJson(error)
    const answered = [message, ...detail].join('\n')
    const what = kind === 'pipeline' ? RIGHT_URI : 'an answer'
    return {
      system: 'check',
      resource,
      passed: [],
      missing: [{ what, answered, hint: hint ?? 'see to the resource, then check again' }],
    }
  }
}

const late = (signal: AbortSignal, resource: string, seconds: number): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () =>
      reject(
        new Fault('resource', `${resource} did not answer within ${seconds} s`, {
          hint: 'see whether its address is right and can be reached from here',
        }),
      ),
    )
  })

function render({ system, resource, passed, missing }: CheckReport): string {
  const lines = [
    `${oneLine(resource)}  (${system})`,
    ...passed.map(p => `  ok       ${oneLine(p)}`),
  ]
  for (const { what, answered, hint } of missing) {
    const [first = '', ...rest] = answered.split('\n').filter(line => line.trim() !== '')
    lines.push(`  missing  ${oneLine(what)}`, `           answered  ${oneLine(first)}`)
    for (const line of rest) lines.push(`                     ${oneLine(line.trim())}`)
    lines.push(`           hint      ${oneLine(hint)}`)
  }
  return `${lines.join('\n')}\n`
}
