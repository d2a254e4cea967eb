/** Reads CSV files: plans their splits, checks their headers, opens readers. */
import { type AnySchema, describe, type Fields, type Schema } from '../../../engine/data/schema.ts'
import { Fault, redactUri } from '../../../engine/fault.ts'
import type {
  PlanRequest,
  ReadRequest,
  Source,
  SourcePlan,
  Split,
  SplitEnd,
  SplitReader,
} from '../../../engine/io/source.ts'
import type { Compression } from '../files/compression.ts'
import { decodedBytesMax } from '../files/decoded-bytes.ts'
import { inputsOf, type Located, look, lookAll, openInput } from '../files/inputs.ts'
import type { InputFile } from '../files/list.ts'
import type { Bytes } from '../files/fields.ts'
import { RecordReader } from '../files/record-reader.ts'
import { Scratch } from '../files/scratch.ts'
import { splitsOf, type TextSplit, wrongStarts } from '../files/splits.ts'
import { Window } from '../files/window.ts'
import { SLACK_BYTES } from '../files/workspace.ts'
import { usualDelimiter } from './delimiter.ts'
import { ExtraColumns } from './extra-columns.ts'
import { CsvFormat } from './format.ts'
import { BOM, type Header, namesOf, slotsOf } from './header.ts'
import { type CsvDialect, type CsvSource, dialectOf } from './options.ts'
import { tokenise } from './tokenise.ts'
import { WalkKernel } from './walk-kernel.ts'

/** Most headers are shorter. */
const HEADER_BYTES = 32 * 1024

export class CsvFiles<F extends Fields> implements Source<F> {
  readonly format = 'csv'
  readonly schema: Schema<F>
  readonly uri: string
  readonly fingerprint: string
  readonly #path: string
  readonly #dialect: CsvDialect
  /** Arrays and dictionaries of readers that were closed. */
  readonly #idle: Scratch[] = []
  #lastHeader: { uri: string; header: Header } | null = null

  constructor(uri: string, schema: Schema<F>, options: CsvSource<F>) {
    this.schema = schema
    this.uri = redactUri(uri)
    this.#path = uri
    this.#dialect = dialectOf(schema as AnySchema, options)
    this.fingerprint = `csv ${this.uri} ${describe(schema as AnySchema)} ${JSON.stringify(options)}`
  }

  bytesMax(): number {
    return decodedBytesMax(this.#path, this.schema as AnySchema)
  }

  async plan(request: PlanRequest, listed?: readonly InputFile[]): Promise<SourcePlan> {
    const splits: Split[] = []
    const notes = new ExtraColumns()
    const { splitBytes } = request
    const files = listed ?? (await inputsOf(this.#path, request))
    const looked = await lookAll(files, request, file => this.#look(file))
    files.forEach((file, i) => {
      const { compression = null, extra = [] } = looked[i] ?? {}
      notes.add(file.path, extra)
      splits.push(...splitsOf(file, { detail: { compression }, splitBytes }))
    })
    const inputs = files.map(({ path, bytes, version }) => ({ uri: path, bytes, version }))
    return { splits, inputs, notes: notes.lines() }
  }

  async #look(
    file: InputFile,
  ): Promise<{ readonly compression: Compression; readonly extra: readonly string[] }> {
    const { compression } = await look(file)
    const extra = file.bytes > 0 ? (await this.#headerOf(file, compression)).extra : []
    return { compression, extra }
  }

  /** The schema's columns that the file's header lacks. Throws as `plan`. */
  async missingIn(file: InputFile): Promise<readonly string[]> {
    const missing: string[] = []
    if (file.bytes > 0) await this.#readHeader(file, (await look(file)).compression, missing)
    return missing
  }

  async open(split: Split, request: ReadRequest): Promise<SplitReader> {
    const { exact, object, ...known } = split.detail as TextSplit
    const file: Located = { path: split.uri, ...(object && { object }) }
    const compression = known.compression ?? (await look(file)).compression
    const header = await this.#headerOf(file, compression)
    const first = split.start === 0
    const guessed = !first && exact === undefined
    const from = exact ?? (first ? header.end : split.start)
    const scratch = this.#scratch(request)
    // A compressed file is read from its start, and what lies before the first record passed over.
    const seek = compression !== 'none' ? 0 : guessed ? from - 1 : from
    const stream = await openInput(file, {
      compression,
      from: seek,
      until: split.end,
      memoryBytes: request.memoryBytes,
      ratioMax: this.#dialect.inflateRatioMax,
    })
    scratch.window.open(stream, seek)
    if (first && compression === 'none') request.advance(header.end)
    const walk = {
      ...scratch.walk(this.#dialect.recordBytesMax),
      uri: split.uri,
      wasted: 0,
      slots: header.slots,
      delimiter: this.#delimiterOf(split.uri),
      rest: this.#dialect.rest,
    }
    const kernel = WalkKernel.over(scratch.space, header.slots)
    if (compression !== 'none') await skip(scratch.window, header.end)
    return new RecordReader(
      new CsvFormat(this.schema as AnySchema, this.#dialect, kernel),
      {
        uri: split.uri,
        stream,
        from,
        stop: split.end,
        guessed,
        walk,
        tokenise: () => tokenise(walk, kernel),
        headerLines: first ? header.lines : null,
      },
      { request, scratch },
    )
  }

  verify(splits: readonly Split[], ends: readonly (SplitEnd | null)[]): Map<number, Split> {
    return wrongStarts(splits, ends)
  }

  #scratch({ rowsPerBatch }: ReadRequest): Scratch {
    const known = this.#idle.pop()
    if (known && known.rowsAsked === rowsPerBatch) return known
    return new Scratch(this.schema as AnySchema, rowsPerBatch, { idle: this.#idle })
  }

  #delimiterOf(path: string): number {
    return this.#dialect.delimiter ?? usualDelimiter(path)
  }

  async #headerOf(file: Located, compression: Compression): Promise<Header> {
    const uri = file.path
    if (this.#lastHeader?.uri === uri) return this.#lastHeader.header
    const header = await this.#readHeader(file, compression)
    this.#lastHeader = { uri, header }
    return header
  }

  async #readHeader(file: Located, compression: Compression, missing?: string[]): Promise<Header> {
    const uri = file.path
    const window = new Window(Buffer.allocUnsafeSlow(headerRoom(file, compression)) as Bytes)
    const { header, latin1, recordBytesMax, columnsMax, inflateRatioMax } = this.#dialect
    const o = { compression, from: 0, until: 0, ratioMax: inflateRatioMax }
    const stream = await openInput(file, o)
    window.open(stream, 0)
    try {
      for (;;) {
        await window.fill(0, 0)
        const bytes = window.bytes.subarray(0, window.limit)
        if (header === false && (window.final || bytes.length > 2)) return this.#noHeader(bytes)
        const found = namesOf(bytes, {
          delimiter: this.#delimiterOf(uri),
          rest: this.#dialect.rest,
          final: window.final,
          latin1,
          columnsMax,
        })
        if (found === null && window.limit > recordBytesMax)
          throw new Fault('data', `the header of ${uri} has no end within ${recordBytesMax} bytes`)
        if (found === null) continue
        if (found.names.length > columnsMax)
          throw new Fault('data', `the header of ${uri} has more than ${columnsMax} columns`, {
            hint: 'is the delimiter right? where it is, raise option columnsMax',
          })
        // Nothing at all, not even a header, is a file without rows.
        const blank =
          found.names.length === 1 &&
          found.names[0] === '' &&
          found.end >= bytes.length &&
          window.final
        if (blank) return { ...this.#noHeader(bytes), end: found.end, lines: found.lines }
        const matched = slotsOf(found.names, {
          schema: this.schema as AnySchema,
          dialect: this.#dialect,
          uri,
          ...(missing && { missing }),
        })
        return { ...matched, end: found.end, lines: found.lines }
      }
    } finally {
      stream.close()
    }
  }

  #noHeader(bytes: Buffer): Header {
    const slots = Int32Array.from(this.schema.list, (_, k) => k)
    return { slots, extra: [], end: bytes.subarray(0, 3).equals(BOM) ? 3 : 0, lines: 0 }
  }
}

/** Of a small object all, and its end: a hundred thousand of them are not given the room of long headers. */
function headerRoom({ object }: Located, compression: Compression): number {
  if (object === undefined || compression !== 'none') return HEADER_BYTES
  return Math.min(HEADER_BYTES, 2 * object.bytes + 2 * SLACK_BYTES)
}

/** Leaves the window at `end`, which lies in the stream's first bytes or a header of many. */
async function skip(window: Window, end: number): Promise<void> {
  while (window.limit < end && !window.final) await window.fill(0, Number.POSITIVE_INFINITY)
  window.drop(end)
}
