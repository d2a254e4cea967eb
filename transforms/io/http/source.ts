/** Reads JSON services: plans the splits of their pages, opens readers of them. */
import { type AnySchema, describe, type Fields, type Schema } from '../../../engine/data/schema.ts'
import { Fault, redactUri } from '../../../engine/fault.ts'
import type {
  PlanRequest,
  ReadRequest,
  Source,
  SourcePlan,
  Split,
  SplitReader,
} from '../../../engine/io/source.ts'
import { clocksOf } from '../csv/options.ts'
import type { Clock } from '../files/decode/index.ts'
import { RecordReader } from '../files/record-reader.ts'
import { Scratch } from '../files/scratch.ts'
import { JsonFormat } from '../ndjson/format.ts'
import { ObjectWalk } from '../ndjson/object.ts'
import { tokeniseLines } from '../ndjson/tokenise.ts'
import { WalkKernel } from '../ndjson/walk-kernel.ts'
import { Chain, type Page, type Range } from './chain.ts'
import { choicesOf, type HttpChoices, type HttpSource } from './options.ts'
import { Pages, type Times } from './paging.ts'
import { countOfPages, rangesOf } from './ranges.ts'
import { HttpReader, PageStarts } from './reader.ts'
import { shown } from './request.ts'
import { markOf, timesOf } from './times.ts'

interface HttpSplit extends Range, Times {
  /** Splits that may be read at once: each has its part of the requests a second. */
  readonly parallel: number
}

const NESTING_MAX = 1000
/** What a chain of pages without a count is taken for. */
const GUESSED_BYTES = 16 * 2 ** 20

export class HttpPages<F extends Fields> implements Source<F> {
  readonly format = 'http'
  readonly schema: Schema<F>
  readonly uri: string
  readonly fingerprint: string
  readonly markName?: string
  readonly #path: string
  readonly #home: string
  readonly #choices: HttpChoices
  readonly #clocks: readonly Clock[]
  readonly #idle: Scratch[] = []

  constructor(uri: string, schema: Schema<F>, options: HttpSource<F>) {
    const { href, origin } = addressOf(uri)
    this.schema = schema
    this.uri = redactUri(uri)
    this.#path = href
    this.#home = origin
    this.#choices = choicesOf(schema as AnySchema, options)
    this.#clocks = clocksOf(schema as AnySchema, options).map(c => ({
      ...c,
      epoch: c.parse === null,
    }))
    this.fingerprint = `http ${this.uri} ${describe(schema as AnySchema)} ${JSON.stringify(options)}`
    const { incremental } = this.#choices
    if (incremental) this.markName = `http ${this.uri} ${incremental.by}`
  }

  /** Asks for the first page, which tells whether the service answers as the options say. */
  async plan(request: PlanRequest): Promise<SourcePlan> {
    const times = timesOf(request, this.#choices)
    const first = await this.#first(times)
    const pages = countOfPages(first, this.#choices)
    const { requestsPerSecond } = this.#choices
    const ranges = rangesOf(pages, this.#choices)
    const parallel = requestsPerSecond === Infinity ? 1 : ranges.length
    const bytes = pages === null ? GUESSED_BYTES : pages * first.stored
    const splits = ranges.map((range): Split => {
      const share = Math.max(1, Math.ceil(bytes / ranges.length))
      const detail: HttpSplit = { ...range, ...times, parallel }
      return { uri: this.uri, start: 0, end: Infinity, bytes: share, detail }
    })
    const mark = this.#choices.incremental ? markOf(request, first.date) : undefined
    // What was read before the mark moved must be read again: such a run is not resumed.
    const version = `${times.since ?? ''} ${mark ?? ''}`.trim()
    const inputs = [{ uri: this.uri, bytes: 0, version }]
    return { splits, inputs, ...(mark !== undefined && { mark }) }
  }

  async #first(times: Times): Promise<Page> {
    const pages = new Pages(this.#path, this.#choices, times)
    const o = { choices: this.#choices, home: this.#home, requestsPerSecond: Infinity }
    const chain = new Chain(pages, { from: 0, to: 1, known: 0 }, o)
    try {
      return (await chain.next()) as Page
    } finally {
      chain.close()
    }
  }

  async open(split: Split, request: ReadRequest): Promise<SplitReader> {
    const { parallel, since, until, ...range } = split.detail as HttpSplit
    const choices = this.#choices
    const schema = this.schema as AnySchema
    const pages = new Pages(this.#path, choices, { since, until })
    const requestsPerSecond = choices.requestsPerSecond / parallel
    const stream = new Chain(pages, range, { choices, home: this.#home, requestsPerSecond })
    const starts = new PageStarts()
    stream.onPage = ({ lines, rows, place }) =>
      starts.add({ bytes: lines.length, rows }, () => shown(place.url, choices))
    const scratch = this.#scratch(request)
    const kernel = WalkKernel.over(scratch.space, schema)
    const { window } = scratch
    window.open(stream, 0)
    const walk = scratch.walk(choices.pageBytesMax)
    const { bytes, view } = window
    const objects = new ObjectWalk(schema, { breaks: false, bytes, view, nestingMax: NESTING_MAX })
    const inner = new RecordReader(
      new JsonFormat(schema, this.#clocks, kernel),
      {
        uri: split.uri,
        stream,
        from: 0,
        stop: Infinity,
        guessed: false,
        walk,
        tokenise: () => tokeniseLines(walk, objects, kernel),
        headerLines: 0,
      },
      { request: { ...request, reject: r => request.reject(starts.placed(r)) }, scratch },
    )
    return new HttpReader(inner, starts)
  }

  #scratch({ rowsPerBatch }: ReadRequest): Scratch {
    const known = this.#idle.pop()
    if (known?.rowsAsked === rowsPerBatch) return known
    const schema = this.schema as AnySchema
    const tableBytes = WalkKernel.tableBytes(schema)
    return new Scratch(schema, rowsPerBatch, { idle: this.#idle, tableBytes })
  }
}

/** Throws pipeline: no web address, or one that holds a secret. */
function addressOf(uri: string): URL {
  let url: URL
  try {
    url = new URL(uri)
  } catch {
    throw new Fault('pipeline', `${JSON.stringify(redactUri(uri))} is no web address`)
  }
  if (!/^https?:$/.test(url.protocol))
    throw new Fault('pipeline', `${JSON.stringify(redactUri(uri))} is no web address`, {
      hint: 'it begins with https:// or http://',
    })
  if (url.username !== '' || url.password !== '')
    throw new Fault('pipeline', `${redactUri(uri)} holds a user or password`, {
      hint: "give option headers: { authorization: { env: 'NAME', prefix: 'Basic ' } }",
    })
  if (redactUri(url.href) !== url.href)
    throw new Fault('pipeline', `${redactUri(uri)} holds a secret`, {
      hint: "give it in option query: { name: { env: 'NAME' } }",
    })
  url.hash = ''
  return url
}
