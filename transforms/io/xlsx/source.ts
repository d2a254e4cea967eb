/** Reads workbooks: plans a split for each sheet, checks its header, opens readers. */
import { type AnySchema, describe, type Fields, type Schema } from '../../../engine/data/schema.ts'
import { Fault, redactUri } from '../../../engine/fault.ts'
import type {
  PlannedInput,
  PlanRequest,
  ReadRequest,
  Source,
  SourcePlan,
  Split,
  SplitReader,
} from '../../../engine/io/source.ts'
import { ExtraColumns } from '../csv/extra-columns.ts'
import { CsvFormat } from '../csv/format.ts'
import { slotsOf } from '../csv/header.ts'
import { tokenise } from '../csv/tokenise.ts'
import { WalkKernel } from '../csv/walk-kernel.ts'
import { inputsOf } from '../files/inputs.ts'
import { changedFile, type InputFile } from '../files/list.ts'
import { RecordReader } from '../files/record-reader.ts'
import { Scratch } from '../files/scratch.ts'
import type { StoredObject } from '../objects/store.ts'
import { isObjectUri } from '../objects/uri.ts'
import { type Container, openContainer } from './container.ts'
import { choicesOf, SEPARATOR, type XlsxChoices, type XlsxSource } from './options.ts'
import { Days } from './put.ts'
import { Places, SheetReader } from './reader.ts'
import { SheetRows, type Wanted } from './sheet.ts'
import { readTexts, type Texts } from './texts.ts'
import { dateStyles, readWorkbook, sheetsFor, type Workbook } from './workbook.ts'

/** Which sheet of the file a split is. */
interface SheetSplit extends Pick<Workbook, 'from1904' | 'texts' | 'styles'> {
  readonly name: string
  readonly part: string
  /** What the file is where it lies in an object store. */
  readonly object?: StoredObject
}

/** A sheet as planning finds it, and the columns that it has beyond the schema's. */
interface LookedAt {
  readonly split: Split
  readonly place: string
  readonly extra: readonly string[]
}

/** Workbooks of an object store that are looked at together, where they are no larger. */
const SMALL_AT_ONCE = 8
const SMALL_BYTES = 512 << 10

/** A sheet opened, its header read. */
interface OpenedSheet {
  readonly rows: SheetRows
  readonly wanted: readonly Wanted[]
  readonly slots: Int32Array
  readonly extra: readonly string[]
}

export class XlsxFiles<F extends Fields> implements Source<F> {
  readonly format = 'xlsx'
  readonly schema: Schema<F>
  readonly uri: string
  readonly fingerprint: string
  readonly #path: string
  readonly #choices: XlsxChoices
  readonly #idle: Scratch[] = []
  readonly #texts = new WeakMap<Container, Promise<Texts>>()

  constructor(uri: string, schema: Schema<F>, options: XlsxSource<F>) {
    this.schema = schema
    this.uri = redactUri(uri)
    this.#path = uri
    this.#choices = choicesOf(schema as AnySchema, options)
    this.fingerprint = `xlsx ${this.uri} ${describe(schema as AnySchema)} ${JSON.stringify(options)}`
  }

  async plan(request: PlanRequest, listed?: readonly InputFile[]): Promise<SourcePlan> {
    const files = listed ?? (await inputsOf(this.#path, request))
    const looked = await this.#lookAll(files)
    const notes = new ExtraColumns()
    for (const { place, extra } of looked.flat()) notes.add(place, extra)
    const splits = looked.flatMap(sheets => sheets.map(({ split }) => split))
    const inputs = files.map(({ path, bytes, version }) => ({ uri: path, bytes, version }))
    return { splits, inputs, notes: notes.lines() }
  }

  /** Several small ones of an object store at once; others one by one, since their texts are held. */
  async #lookAll(files: readonly InputFile[]): Promise<LookedAt[][]> {
    const looked: LookedAt[][] = []
    if (files[0]?.object === undefined) {
      for (const file of files) looked.push(await this.#look(file))
      return looked
    }
    const { default: pLimit } = await import('p-limit')
    const [many, one] = [pLimit(SMALL_AT_ONCE), pLimit(1)]
    const limitOf = ({ bytes }: InputFile) => (bytes <= SMALL_BYTES ? many : one)
    try {
      return await Promise.all(files.map(file => limitOf(file)(() => this.#look(file))))
    } finally {
      for (const limit of [many, one]) limit.clearQueue()
    }
  }

  /** The sheets of a file that are read. */
  async #look({ path, object }: InputFile): Promise<LookedAt[]> {
    const located = { path, ...(object && { object }) }
    const container = await openContainer(located, this.#choices.inflateRatioMax)
    const sheets: LookedAt[] = []
    try {
      const book = await readWorkbook(container)
      for (const { name, part } of sheetsFor(book, { sheet: this.#choices.sheet, path })) {
        const { from1904, texts, styles } = book
        // A URL's signature is not kept in splits: it is put back where they are read.
        const kept = object && { object: { ...object, uri: path } }
        const detail: SheetSplit = { name, part, from1904, texts, styles, ...kept }
        const { stored } = container.sizeOf(part)
        const split: Split = { uri: path, start: 0, end: Infinity, bytes: stored, detail }
        const { extra } = await this.#sheet(container, detail)
        sheets.push({ split, place: `${path}#${name}`, extra })
      }
      return sheets
    } finally {
      await container.close()
    }
  }

  async open(split: Split, request: ReadRequest): Promise<SplitReader> {
    const sheet = split.detail as SheetSplit
    const located = { path: split.uri, ...this.#objectOf(sheet) }
    const container = await openContainer(located, this.#choices.inflateRatioMax)
    try {
      const opened = await this.#sheet(container, sheet)
      const columns = new Map(opened.wanted.map(({ name, column }) => [name, column]))
      const places = new Places(split.uri, sheet.name, columns)
      opened.rows.want(opened.wanted, bad => request.reject(places.row(bad)))
      const placed = {
        ...request,
        reject: (r: Parameters<typeof places.line>[0]) => request.reject(places.line(r)),
      }
      return new SheetReader(this.#reader(split.uri, opened, placed), container)
    } catch (error) {
      await container.close()
      throw error
    }
  }

  /** What is read of an object is of the version that was listed, or refused. */
  changed(input: PlannedInput): string | null {
    return isObjectUri(input.uri) ? null : changedFile(input)
  }

  #objectOf({ object }: SheetSplit): { object: StoredObject } | null {
    if (object === undefined) return null
    return { object: /^https?:/i.test(object.uri) ? { ...object, uri: this.#path } : object }
  }

  #reader(uri: string, { rows, slots }: OpenedSheet, request: ReadRequest): SplitReader {
    const { dialect } = this.#choices
    const scratch = this.#scratch(request)
    scratch.window.open(rows, 0)
    const walk = {
      ...scratch.walk(dialect.recordBytesMax),
      uri,
      wasted: 0,
      slots,
      delimiter: SEPARATOR,
      rest: dialect.rest,
    }
    const kernel = WalkKernel.over(scratch.space, slots)
    return new RecordReader(
      new CsvFormat(this.schema as AnySchema, dialect, kernel),
      {
        uri,
        stream: rows,
        from: 0,
        stop: Infinity,
        guessed: false,
        walk,
        tokenise: () => tokenise(walk, kernel),
        headerLines: 0,
      },
      { request, scratch },
    )
  }

  /** Reads a sheet up to its first row, and finds its columns. */
  async #sheet(container: Container, sheet: SheetSplit): Promise<OpenedSheet> {
    const { path } = container
    const place = `${path}#${sheet.name}`
    const [texts, dates] = await Promise.all([
      this.#textsOf(container, sheet.texts),
      dateStyles(container, sheet.styles),
    ])
    const sizes = container.sizeOf(sheet.part)
    const book = { texts, dates, days: new Days(sheet.from1904) }
    const rows = new SheetRows(container.xml(sheet.part), book, { ...sizes, place })
    return { rows, ...(await this.#columns(rows, place)) }
  }

  /** Once for all sheets of a file. */
  #textsOf(container: Container, part: string | null): Promise<Texts> {
    const known = this.#texts.get(container)
    if (known) return known
    const read = readTexts(container, { part, bytesMax: this.#choices.textBytesMax })
    this.#texts.set(container, read)
    return read
  }

  async #columns(rows: SheetRows, place: string): Promise<Omit<OpenedSheet, 'rows'>> {
    const { list } = this.schema as AnySchema
    const { dialect, headerRow } = this.#choices
    const inOrder = Array.from(list, (_, k) => k)
    if (dialect.header === false) return { ...this.#wantedOf(inOrder), extra: [] }
    const names = await rows.header(headerRow)
    // A sheet without any row is one without rows.
    if (names === null && headerRow === null) return { ...this.#wantedOf(inOrder), extra: [] }
    if (names === null)
      throw new Fault('data', `${place} has no row ${headerRow}, which has its header`)
    const { slots, extra } = this.#matched(names, place)
    return { ...this.#wantedOf(slots), extra: extra.filter(name => name !== '') }
  }

  #matched(names: readonly string[], uri: string) {
    try {
      return slotsOf(names, {
        schema: this.schema as AnySchema,
        dialect: this.#choices.dialect,
        uri,
      })
    } catch (error) {
      if (!(error instanceof Fault) || this.#choices.headerRow !== null) throw error
      throw new Fault(error.kind, error.message, {
        detail: error.detail,
        hint: `${error.hint ?? ''}; where the names stand in a later row: option headerRow`.replace(
          /^; /,
          '',
        ),
      })
    }
  }

  /** The sheet's columns by their positions in the schema; a line has the row's number before them. */
  #wantedOf(slots: ArrayLike<number>): { wanted: Wanted[]; slots: Int32Array } {
    const { list } = this.schema as AnySchema
    const found = Array.from(slots, (k, column) => ({ k, column })).filter(f => f.k < list.length)
    const wanted = found.map(({ k, column }) => ({ column, ...(list[k] as (typeof list)[number]) }))
    return { wanted, slots: Int32Array.from([list.length, ...found.map(f => f.k)]) }
  }

  #scratch({ rowsPerBatch }: ReadRequest): Scratch {
    const known = this.#idle.pop()
    if (known?.rowsAsked === rowsPerBatch) return known
    return new Scratch(this.schema as AnySchema, rowsPerBatch, { idle: this.#idle })
  }
}
