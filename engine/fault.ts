/**
 * The one error class. Four kinds, by who can mend it: `pipeline` (its author), `data` (the owner of
 * the data), `resource` (the operator; a retry may help), `engine` (an invariant of ours broke).
 *
 *     pipeline: column "prise" does not exist
 *       at    pipelines/retail/pipeline.ts:14  .filter
 *       have  invoiceNo stockCode description quantity
 *       hint  did you mean "unitPrice"?
 */
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export type FaultKind = 'pipeline' | 'data' | 'resource' | 'engine'
export interface FaultContext {
  readonly at?: string
  readonly detail?: readonly string[]
  readonly hint?: string
  readonly cause?: unknown
}

export class Fault extends Error {
  readonly kind: FaultKind
  /** The user's call site and verb. */
  at: string | undefined
  readonly detail: readonly string[]
  readonly hint: string | undefined
  constructor(kind: FaultKind, message: string, context: FaultContext = {}) {
    super(withoutSecrets(message), 'cause' in context ? { cause: context.cause } : {})
    this.name = 'Fault'
    this.kind = kind
    this.at = context.at
    this.detail = (context.detail ?? []).map(withoutSecrets)
    this.hint = context.hint === undefined ? undefined : withoutSecrets(context.hint)
  }
  /** As a person reads it: several lines. */
  render(): string {
    const lines = [`${this.kind}: ${this.message}`]
    if (this.at) lines.push(`  at    ${this.at}`)
    for (const line of this.detail) lines.push(`  ${line}`)
    if (this.hint) lines.push(`  hint  ${this.hint}`)
    return lines.join('\n')
  }
  override toString(): string {
    return this.render()
  }
}

export interface FaultJson {
  readonly kind: FaultKind
  readonly message: string
  readonly at: string | null
  readonly detail: readonly string[]
  readonly hint: string | null
}

/** What to do about an error of the system, by its code. */
export const SYSTEM_HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space, then run again',
  EDQUOT: 'the quota of the disk is used up: free some space, then run again',
  EACCES: 'the file or folder may not be used: check its rights',
  EMFILE: 'too many files are open: raise the limit (ulimit -n), or give fewer --workers',
  ENOTDIR: 'a part of the path is a file, not a folder: give another path',
}

/**
 * Any error as plain data that crosses threads: what the system refused becomes a `resource` fault,
 * another error that is no Fault an `engine` one with its stack.
 */
export function faultToJson(error: unknown): FaultJson {
  if (error instanceof Fault) {
    const { kind, message, at = null, detail, hint = null } = error
    return { kind, message, at, detail, hint }
  }
  const message = withoutSecrets(error instanceof Error ? error.message : String(error))
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException
  if (typeof syscall === 'string' && typeof code === 'string') {
    const hint = SYSTEM_HINTS[code] ?? 'check the path, its rights and the disk, then run again'
    return { kind: 'resource', message, at: null, detail: [], hint }
  }
  const stack = error instanceof Error ? (error.stack ?? '').split('\n').slice(1, 6) : []
  return {
    kind: 'engine',
    message,
    at: null,
    detail: stack.map(s => withoutSecrets(s.trim())),
    hint: null,
  }
}

export function faultFromJson(json: FaultJson): Fault {
  const { kind, message, at, detail, hint } = json
  return new Fault(kind, message, {
    detail,
    ...(at === null ? {} : { at }),
    ...(hint === null ? {} : { hint }),
  })
}

/**
 * The candidate that a misspelt name most likely meant; undefined where none is near. A name may also
 * stand for one word of a longer one: `prise` is near `unitPrice`, `desc` near `description`.
 */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  const typed = name.toLowerCase()
  let best: string | undefined
  let least = Math.max(1, Math.floor(name.length / 2)) + 1
  for (const candidate of candidates) {
    const near = Math.abs(candidate.length - name.length) < least
    const whole = near ? distance(typed, candidate.toLowerCase()) : Infinity
    const d = Math.min(whole, wordDistance(typed, candidate))
    if (d < least) [best, least] = [candidate, d]
  }
  return best
}

/** To the nearest word of `candidate`; of equals the whole name is nearer, so half an edit is added. */
function wordDistance(typed: string, candidate: string): number {
  if (typed.length < 3) return Infinity
  const most = Math.max(1, Math.floor(typed.length / 4))
  let least = Infinity
  for (const word of candidate.split(/(?<=[\p{Ll}\d])(?=\p{Lu})|[^\p{L}\p{N}]+/u)) {
    const lower = word.toLowerCase()
    const begun = word.length > typed.length && lower.startsWith(typed)
    const d = begun ? 1 : word.length < 3 ? Infinity : distance(typed, lower)
    if (d <= most && d + 0.5 < least) least = d + 0.5
  }
  return least
}

/** Damerau-Levenshtein (adjacent transpositions count one). */
function distance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let d = Math.min(
        (above[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (above[j - 1] as number) + same,
      )
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        d = Math.min(d, (before[j - 2] as number) + 1)
      row.push(d)
    }
    before = above
    above = row
  }
  return above[b.length] as number
}

const root = fileURLToPath(new URL('..', import.meta.url))
const OURS = ['engine/', 'transforms/', 'workers/', 'cli/', 'testing/', 'dist/', 'node_modules/']

/** The user's `file:line` that called us: the first frame outside Millrace's own code. */
// biome-ignore lint/complexity/noBannedTypes: any function marks the frame
export function callSite(below?: Function): string {
  const holder: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 30
  Error.captureStackTrace(holder, below)
  Error.stackTraceLimit = limit
  return userFrame(holder.stack)
}

/** The user's `file:line` from which an error was thrown; empty where its stack has none. */
export const throwSite = (error: unknown): string =>
  error instanceof Error ? userFrame(error.stack) : ''

function userFrame(stack = ''): string {
  for (const frame of stack.split('\n').slice(1)) {
    // `at f (file:///a.ts:1:2)` or `at file:///a.ts:1:2`; folders may hold spaces and parentheses.
    const found = /(?: \(|at (?:async )?)((?:file:\/\/|\/|[A-Z]:\\).*):(\d+):\d+\)?$/.exec(frame)
    if (!found) continue
    const [, where = '', line] = found
    const place = userPlace(where, Number(line))
    if (place !== '') return place
  }
  return ''
}

/** `file:line` of a place in a script, by its URL or path; empty where the script is not the user's. */
export function userPlace(where: string, line: number): string {
  if (!/^(?:file:|\/|[A-Z]:\\)/.test(where)) return ''
  const path = where.startsWith('file:') ? fileURLToPath(where) : where
  if (ours(path)) return ''
  const near = relative(process.cwd(), path)
  return `${near.startsWith('..') ? path : near}:${line}`
}

function ours(path: string): boolean {
  if (!path.startsWith(root) || /\.test\.[jt]s$/.test(path)) return false
  return OURS.some(folder => path.startsWith(root + folder))
}

/** A URI that may be shown: without user, password and secret-looking query values. */
export const redactUri = (uri: string): string => withoutSecrets(uri)

const SECRET = 'token|key|secret|password|passwd|signature|sig|credential'
const IN_QUERY = new RegExp(`([?&](?:[^=&\\s]*(?:${SECRET})[^=&\\s]*)=)[^&#\\s"']*`, 'gi')
const NAMED = new RegExp(SECRET, 'i')

/** Text with whatever URIs in it, each without its user, password and secret-looking query values. */
export function withoutSecrets(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/?#\s"']*@/gi, '$1***@').replace(IN_QUERY, '$1***')
}

/** The words of a command that may be shown: values of options whose names tell of a secret are left out. */
export function wordsWithoutSecrets(words: readonly string[]): string[] {
  return words.map((word, i) => {
    const [, name = '', value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? []
    if (value !== undefined && NAMED.test(name)) return `--${name}=***`
    const before = words[i - 1] ?? ''
    const isValue = !word.startsWith('--') && /^--[^=]+$/.test(before) && NAMED.test(before)
    return isValue ? '***' : withoutSecrets(word)
  })
}
