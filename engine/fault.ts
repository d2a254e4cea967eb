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
    super(message, 'cause' in context ? { cause: context.cause } : {})
    this.name = 'Fault'
    this.kind = kind
    this.at = context.at
    this.detail = context.detail ?? []
    this.hint = context.hint
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

/** Any error as plain data that crosses threads; what is no Fault becomes an `engine` one with its stack. */
export function faultToJson(error: unknown): FaultJson {
  if (error instanceof Fault) {
    const { kind, message, at = null, detail, hint = null } = error
    return { kind, message, at, detail, hint }
  }
  const message = error instanceof Error ? error.message : String(error)
  const stack = error instanceof Error ? (error.stack ?? '').split('\n').slice(1, 6) : []
  return { kind: 'engine', message, at: null, detail: stack.map(s => s.trim()), hint: null }
}

export function faultFromJson(json: FaultJson): Fault {
  const { kind, message, at, detail, hint } = json
  return new Fault(kind, message, {
    detail,
    ...(at === null ? {} : { at }),
    ...(hint === null ? {} : { hint }),
  })
}

/** The candidate that a misspelt name most likely meant; undefined where none is near. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(name.length / 2)) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= least) continue
    const d = distance(name.toLowerCase(), candidate.toLowerCase())
    if (d < least) [best, least] = [candidate, d]
  }
  return best
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
  for (const frame of (holder.stack ?? '').split('\n').slice(1)) {
    // `at f (file:///a.ts:1:2)` or `at file:///a.ts:1:2`; folders may hold spaces and parentheses.
    const found = /(?: \(|at (?:async )?)((?:file:\/\/|\/|[A-Z]:\\).*):(\d+):\d+\)?$/.exec(frame)
    if (!found) continue
    const [, where = '', line] = found
    const path = where.startsWith('file:') ? fileURLToPath(where) : where
    if (ours(path)) continue
    const near = relative(process.cwd(), path)
    return `${near.startsWith('..') ? path : near}:${line}`
  }
  return ''
}

function ours(path: string): boolean {
  if (!path.startsWith(root) || /\.test\.[jt]s$/.test(path)) return false
  return OURS.some(folder => path.startsWith(root + folder))
}

/** A URI that may be shown: without user, password and secret-looking query values. */
export function redactUri(uri: string): string {
  return uri
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*@/i, '$1***@')
    .replace(
      /([?&](?:[^=&]*(?:token|key|secret|password|signature|sig|credential)[^=&]*)=)[^&#]*/gi,
      '$1***',
    )
}
