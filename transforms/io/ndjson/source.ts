/** Reads JSON lines, and JSON files that are one array of objects. */
import { type AnySchema, describe, type Fields, type Schema } from '../../../engine/data/schema.ts'
import { redactUri } from '../../../engine/fault.ts'
import type {
  PlanRequest,
  ReadRequest,
  Source,
  SourcePlan,
  Split,
  SplitReader,
} from '../../../engine/io/source.ts'
import { clocksOf, countOf } from '../csv/options.ts'
import { parseBytes } from '../files/bytes.ts'
import { INFLATE_RATIO_MAX } from '../files/byte-stream.ts'
import { type Compression, HEAD_BYTES } from '../files/compression.ts'
import { decodedBytesMax } from '../files/decoded-bytes.ts'
import type { Clock } from '../files/decode/index.ts'
import type { FileChoices } from '../files/drift.ts'
import type { IncrementalFiles } from '../files/incremental.ts'
import { inputsOf, type Located, look, lookAll, openInput } from '../files/inputs.ts'
import type { InputFile } from '../files/list.ts'
import { RecordReader } from '../files/record-reader.ts'
import { Scratch } from '../files/scratch.ts'
import { splitsOf, type TextSplit } from '../files/splits.ts'
import type { Stopped } from '../files/walk.ts'
import type { Window } from '../files/window.ts'
import { ArrayWalk } from './array.ts'
import { JsonFormat } from './format.ts'
import { ObjectWalk } from './object.ts'
import { tokeniseLines } from './tokenise.ts'
import { WalkKernel } from './walk-kernel.ts'

export interface NdjsonSource<F extends Fields> extends Pick<FileChoices, 'onFile'> {
  /** How dates are written, by column: `d/M/yyyy H:mm`. Default: ISO 8601; timestamps also as epoch milliseconds. */
  readonly formats?: { readonly [K in keyof F]?: string }
  /** The zone of timestamps that name none. Default: UTC. */
  readonly timeZone?: string
  /** A longer record is refused. Default: '16MB'; at most '256MB'. */
  readonly recordBytesMax?: string
  /** An object whose lists and objects lie deeper in each other is refused. Default: 1,000; at least 64. */
  readonly nestingMax?: number
  /** A compressed file that grows to more times its size, once it is past 256 MB, is refused. Default: 500. */
  readonly inflateRatioMax?: number
  /** Only files that were changed since the last run that was published. */
  readonly incremental?: IncrementalFiles
}

const NESTING_MAX = 1000
/** What is less deep is walked without asking. */
const NESTING_LEAST = 64

export class NdjsonFiles<F extends Fields> implements Source<F> {
  readonly format = 'ndjson'
  readonly schema: Schema<F>
  readonly uri: string
  readonly fingerprint: string
  readonly #path: string
  readonly #clocks: readonly Clock[]
  readonly #recordBytesMax: number
  readonly #nestingMax: number
  readonly #ratioMax: number
  readonly #idle: Scratch[] = []

  constructor(uri: string, schema: Schema<F>, options: NdjsonSource<F>) {
    this.schema = schema
    this.uri = redactUri(uri)
    this.#path = uri
    const clocks = clocksOf(schema as AnySchema, options)
    this.#clocks = clocks.map(c => ({ ...c, epoch: c.parse === null }))
    this.#recordBytesMax = Math.min(parseBytes(options.recordBytesMax ?? '16MB'), 256 * 2 ** 20)
    this.#nestingMax = countOf('nestingMax', options.nestingMax ?? NESTING_MAX, NESTING_LEAST)
    this.#ratioMax = countOf('inflateRatioMax', options.inflateRatioMax ?? INFLATE_RATIO_MAX)
    this.fingerprint = `ndjson ${this.uri} ${describe(schema as AnySchema)} ${JSON.stringify(options)}`
  }

  bytesMax(): number {
    return decodedBytesMax(this.#path, this.schema as AnySchema)
  }

  async plan(request: PlanRequest, listed?: readonly InputFile[]): Promise<SourcePlan> {
    const { splitBytes } = request
    const files = listed ?? (await inputsOf(this.#path, request))
    const looked = await lookAll(files, request, file => this.#look(file))
    const splits: Split[] = files.flatMap((file, i) =>
      splitsOf(file, { detail: looked[i] ?? { compression: null }, splitBytes }),
    )
    const inputs = files.map(({ path, bytes, version }) => ({ uri: path, bytes, version }))
    return { splits, inputs }
  }

  async #look(file: Located): Promise<{ compression: Compression; array: boolean }> {
    const { compression, head } = await look(file)
    const first = compression === 'none' ? head : await headOf(file, compression, this.#ratioMax)
    return { compression, array: /^(?:\xef\xbb\xbf)?\s*\[/.test(first.toString('latin1')) }
  }

  async open(split: Split, request: ReadRequest): Promise<SplitReader> {
    const { object, ...detail } = split.detail as TextSplit
    const { uri, start } = split
    const file: Located = { path: uri, ...(object && { object }) }
    const known = detail.compression === null ? await this.#look(file) : detail
    const { array = false } = known
    const compression = known.compression as Compression
    const guessed = start > 0
    const schema = this.schema as AnySchema
    const scratch = this.#scratch(request)
    const kernel = WalkKernel.over(scratch.space, schema)
    const { window } = scratch
    const seek = guessed ? start - 1 : 0
    const o = { compression, from: seek, until: split.end, ratioMax: this.#ratioMax }
    const stream = await openInput(file, { ...o, memoryBytes: request.memoryBytes })
    window.open(stream, seek)
    const mark = guessed ? 0 : await passMark(window)
    const walk = scratch.walk(this.#recordBytesMax)
    const objects = new ObjectWalk(schema, {
      breaks: array,
      bytes: window.bytes,
      view: window.view,
      nestingMax: this.#nestingMax,
    })
    const elements = new ArrayWalk(uri, objects, () => window.base)
    const tokenise = (): Stopped =>
      array ? elements.tokenise(walk) : tokeniseLines(walk, objects, kernel)
    return new RecordReader(
      new JsonFormat(schema, this.#clocks, kernel),
      {
        uri,
        stream,
        from: guessed ? start : mark,
        stop: split.end,
        guessed,
        walk,
        tokenise,
        headerLines: guessed ? null : 0,
      },
      { request, scratch },
    )
  }

  #scratch({ rowsPerBatch }: ReadRequest): Scratch {
    const known = this.#idle.pop()
    if (known?.rowsAsked === rowsPerBatch) return known
    const schema = this.schema as AnySchema
    const tableBytes = WalkKernel.tableBytes(schema)
    return new Scratch(schema, rowsPerBatch, { idle: this.#idle, tableBytes })
  }
}

/** The first bytes of a compressed file's content. */
async function headOf(
  file: Located,
  compression: 'gzip' | 'zstd',
  ratioMax: number,
): Promise<Buffer> {
  const stream = await openInput(file, { compression, from: 0, until: 0, ratioMax })
  try {
    const head = Buffer.alloc(HEAD_BYTES)
    return head.subarray(0, await stream.read(head, 0, head.length))
  } finally {
    stream.close()
  }
}

/** Passes over a byte order mark; answers its length. */
async function passMark(window: Window): Promise<number> {
  await window.fill(0, 1)
  const mark = window.limit > 2 && window.bytes.readUIntBE(0, 3) === 0xefbbbf ? 3 : 0
  if (mark > 0) window.drop(mark)
  return mark
}
