/** What an HTTP source may be told, checked when the pipeline is built. */
import type { AnySchema, Fields } from '../../../engine/data/schema.ts'
import { fieldOf } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { countOf, wrong } from '../csv/options.ts'
import { parseBytes } from '../files/bytes.ts'
import { durationMs } from '../retry/duration.ts'

/** A value that is read from an environment variable where a request is made: it is in no plan, log or error. */
export interface FromEnvironment {
  readonly env: string
  /** Set before it: 'Bearer ' for most tokens. Default: ''. */
  readonly prefix?: string
}
export type Given = string | FromEnvironment

/** Where something lies in a page: keys joined by dots, or a list of keys. */
export type PagePath = string | readonly string[]

/** How a service hands out its rows; a path is of the page's body. */
export type Paging =
  /** All in one answer. */
  | { readonly style: 'none' }
  /** The body has the next page's address, whole or relative; none or null ends. */
  | { readonly style: 'next'; readonly path: PagePath }
  /** The Link header has it, as rel="next" (RFC 8288). */
  | { readonly style: 'link' }
  /** The body has a token for the next page, which goes into a query parameter; none, null or '' ends. */
  | { readonly style: 'cursor'; readonly path: PagePath; readonly param: string }
  /** Numbered pages; an empty one ends, or the `total` of rows, or of `pages`. */
  | {
      readonly style: 'page'
      readonly param: string
      /** Number of the first page. Default: 1. */
      readonly first?: number
      /** Rows a page, asked for in `sizeParam`. */
      readonly size?: number
      readonly sizeParam?: string
      readonly total?: PagePath
      readonly pages?: PagePath
    }
  /** Rows from an offset on; an empty page ends, or the `total` of rows. */
  | {
      readonly style: 'offset'
      readonly param: string
      readonly size: number
      readonly sizeParam: string
      readonly total?: PagePath
    }

export interface HttpSource<F extends Fields> {
  /** Where a page has its list of rows: 'data.items'. Default: the page is the list. */
  readonly rows?: PagePath
  /** Default: { style: 'none' } */
  readonly paging?: Paging
  /** Query parameters, beside those of the URL. */
  readonly query?: { readonly [name: string]: Given }
  /** Those that hold a secret are { env: 'NAME' }: they go to the host of the URL alone, wherever it redirects or links to. */
  readonly headers?: { readonly [name: string]: Given }
  /** Requests a second, of the whole source. Default: no limit. */
  readonly requestsPerSecond?: number
  /** Splits of a source whose rows are counted (`total`, `pages`), which are read in parallel. Default: 4. */
  readonly parallel?: number
  /** Of one request, until its answer's last byte. Default: '30s'. */
  readonly timeout?: string
  /** Of a page with all its retries. Default: '5min'. */
  readonly deadline?: string
  /** A larger page, inflated, is refused. Default: '16MB'; at most '256MB'. */
  readonly pageBytesMax?: string
  /** A chain of more pages is refused, as it may be without end. Default: 100,000. */
  readonly pagesMax?: number
  /** How dates are written, by column. Default: ISO 8601; timestamps also as epoch milliseconds. */
  readonly formats?: { readonly [K in keyof F]?: string }
  /** The zone of timestamps that name none. Default: UTC. */
  readonly timeZone?: string
  /** Reads only what changed since the last run that was published. */
  readonly incremental?: {
    readonly by: keyof F & string
    /** The query parameter that takes the time from which on rows are wanted. */
    readonly param: string
    /** The one that takes the time before which they are. Default: none. */
    readonly until?: string
    /** For rows that a service shows late: so much is read again. Default: '5min'. */
    readonly overlap?: string
    /** How the times are written. Default: 'iso'. */
    readonly as?: 'iso' | 'epochSeconds' | 'epochMilliseconds'
  }
}

/** The options with their defaults filled in. */
export interface HttpChoices {
  readonly rows: readonly string[]
  readonly paging: Paging
  readonly query: readonly (readonly [string, Given])[]
  readonly headers: readonly (readonly [string, Given])[]
  readonly requestsPerSecond: number
  readonly parallel: number
  readonly timeoutMs: number
  readonly deadlineMs: number
  readonly pageBytesMax: number
  readonly pagesMax: number
  readonly incremental: {
    param: string
    until: string | null
    overlapMs: number
    as: string
    by: string
  } | null
}

const STYLES = ['none', 'next', 'link', 'cursor', 'page', 'offset']

/** Throws pipeline: an option has an impossible value, names a column that does not exist, or holds a secret. */
export function choicesOf<F extends Fields>(schema: AnySchema, o: HttpSource<F>): HttpChoices {
  const rate = o.requestsPerSecond ?? Infinity
  if (typeof rate !== 'number' || !(rate > 0))
    throw wrong('requestsPerSecond', rate, 'a number above 0')
  return {
    rows: keysOf('rows', o.rows ?? []),
    paging: pagingOf(o.paging ?? { style: 'none' }),
    query: given('query', o.query),
    headers: given('headers', o.headers),
    requestsPerSecond: rate,
    parallel: countOf('parallel', o.parallel ?? 4),
    timeoutMs: durationMs('timeout', o.timeout ?? '30s'),
    deadlineMs: durationMs('deadline', o.deadline ?? '5min'),
    pageBytesMax: Math.min(parseBytes(o.pageBytesMax ?? '16MB'), 256 * 2 ** 20),
    pagesMax: countOf('pagesMax', o.pagesMax ?? 100_000),
    incremental: incrementalOf(schema, o),
  }
}

function incrementalOf<F extends Fields>(
  schema: AnySchema,
  { incremental }: HttpSource<F>,
): HttpChoices['incremental'] {
  if (incremental === undefined) return null
  const { by, param, until = null, overlap = '5min', as = 'iso' } = incremental
  const { kind } = fieldOf(schema, by)
  if (kind.tag !== 'timestamp' && kind.tag !== 'datetime')
    throw new Fault('pipeline', `option incremental: column ${JSON.stringify(by)} is ${kind.tag}`, {
      hint: 'name the column of the time at which a row was changed last',
    })
  if (typeof param !== 'string' || param === '')
    throw wrong('incremental.param', param, 'the name of a query parameter')
  if (!['iso', 'epochSeconds', 'epochMilliseconds'].includes(as))
    throw wrong('incremental.as', as, "'iso', 'epochSeconds' or 'epochMilliseconds'")
  return { by, param, until, overlapMs: durationMs('incremental.overlap', overlap, 0), as }
}

function pagingOf(paging: Paging): Paging {
  if (!STYLES.includes(paging.style)) throw wrong('paging.style', paging.style, STYLES.join(', '))
  if (paging.style === 'next' || paging.style === 'cursor') keysOf('paging.path', paging.path, 1)
  if (paging.style === 'page' && paging.size !== undefined) countOf('paging.size', paging.size)
  if (paging.style === 'offset') countOf('paging.size', paging.size)
  return paging
}

/** Throws pipeline: no path of keys. */
export function keysOf(option: string, path: PagePath, least = 0): readonly string[] {
  const keys = typeof path === 'string' ? path.split('.') : path
  if (
    !Array.isArray(keys) ||
    keys.length < least ||
    keys.some(k => typeof k !== 'string' || k === '')
  )
    throw wrong(option, path, "keys joined by dots, such as 'data.items'")
  return keys
}

const SECRET = /^(?:proxy-)?authorization$|^cookie$|token|secret|password|api-?_?key|signature/i

function given(option: string, values: { readonly [name: string]: Given } = {}) {
  return Object.entries(values).map(([name, value]) => {
    if (typeof value === 'string') {
      if (!SECRET.test(name)) return [name, value] as const
      throw new Fault('pipeline', `option ${option}: ${name} holds a secret`, {
        hint: `give the environment variable that has it: { ${JSON.stringify(name)}: { env: 'NAME' } }`,
      })
    }
    if (typeof value?.env === 'string' && value.env !== '') return [name, value] as const
    throw wrong(`${option}.${name}`, null, "a text or { env: 'NAME' }")
  })
}
