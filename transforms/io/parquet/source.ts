/** Reads Parquet files: plans splits of whole row groups from the footers, opens their readers. */
import { type AnySchema, describe, type Fields, type Schema } from '../../../engine/data/schema.ts'
import { Fault, nearestName, redactUri } from '../../../engine/fault.ts'
import type {
  PlanRequest,
  ReadRequest,
  Source,
  SourcePlan,
  Split,
} from '../../../engine/io/source.ts'
import type { FileChoices } from '../files/drift.ts'
import type { IncrementalFiles } from '../files/incremental.ts'
import { type InputFile, listFiles } from '../files/list.ts'
import { bind, type Header } from './bind.ts'
import { decodedBytesMax } from './decoded-size.ts'
import { guarded, ParquetFile, readFooter } from './footer-read.ts'
import type { RowGroupMeta } from './format.ts'
import { type Detail, type PlannedFile, splitsOf } from './split-plan.ts'
import { ParquetSplitReader, type SplitPlace } from './split-read.ts'

export interface ParquetSource<F> extends FileChoices {
  /** Columns that have another name in the files: `{ invoice_no: 'invoiceNo' }`. */
  readonly header?: { readonly [name: string]: keyof F & string }
  /** Only files that were changed since the last run that was published. */
  readonly incremental?: IncrementalFiles
}

/** More files are not asked for their sizes before planning. */
const FOOTERS_MAX = 16

export interface Known extends PlannedFile {
  readonly version: string
}

export class ParquetFiles<F extends Fields> implements Source<F> {
  readonly format = 'parquet'
  readonly leavesOut = true
  readonly schema: Schema<F>
  readonly uri: string
  readonly fingerprint: string
  readonly #path: string
  readonly #header: Header
  /** The footer read last: the splits of a file are often opened one after the other. */
  #last: Known | null = null

  constructor(uri: string, schema: Schema<F>, options: ParquetSource<F>) {
    this.schema = schema
    this.uri = redactUri(uri)
    this.#path = uri
    this.#header = headerOf(schema as AnySchema, options)
    const shape = describe(schema as AnySchema)
    this.fingerprint = `parquet ${this.uri} ${shape} ${JSON.stringify(options)}`
  }

  bytesMax(): number {
    const files = listFiles(this.#path)
    if (files.length > FOOTERS_MAX) return Number.POSITIVE_INFINITY
    return files.reduce((sum, { path }) => sum + decodedBytesMax(this.#metaOf(path)), 0)
  }

  async plan(
    request: PlanRequest,
    files: readonly InputFile[] = listFiles(this.#path),
  ): Promise<SourcePlan> {
    const metas = files.map(({ path }) => this.#metaOf(path))
    const inputs = files.map(({ path, bytes, version }) => ({ uri: path, bytes, version }))
    return { ...splitsOf(metas, this.schema as AnySchema, request), inputs }
  }

  /** The schema's columns that the file lacks. Throws as `plan`. */
  missingIn({ path }: InputFile): readonly string[] {
    const file = new ParquetFile(path)
    try {
      return this.missingOf(file)
    } finally {
      file.close()
    }
  }

  missingOf(file: ParquetFile): readonly string[] {
    const { columns } = guarded(file.path, () => readFooter(file))
    const theirs = new Map(Object.entries(this.#header).map(([name, ours]) => [ours, name]))
    const names = this.schema.list.map(f => f.name)
    return names.filter(name => !columns.some(c => c.name === (theirs.get(name) ?? name)))
  }

  open(split: Split, request: ReadRequest): ParquetSplitReader {
    const file = new ParquetFile(split.uri)
    return new ParquetSplitReader(this.placeOf(file, split), request)
  }

  /** What a reader of the split starts from; closes the file where it fails. */
  placeOf(file: ParquetFile, split: Split): SplitPlace {
    try {
      const meta = this.meta(file)
      const detail = split.detail as Detail
      const groups = detail.groups === null ? meta.groups : groupsOf(meta, detail.groups)
      const passed = new Set(groupsOf(meta, detail.passed))
      const { bindings } = meta
      const schema = this.schema as AnySchema
      return { file, split, schema, bindings, groups, passed }
    } catch (error) {
      file.close()
      throw error
    }
  }

  #metaOf(path: string): Known {
    const file = new ParquetFile(path)
    try {
      return this.meta(file)
    } finally {
      file.close()
    }
  }

  /** Whether the file's footer is known and need not be read. */
  knows({ path, version }: ParquetFile): boolean {
    return this.#last?.path === path && this.#last.version === version
  }

  meta(file: ParquetFile): Known {
    const { path, version } = file
    if (this.#last?.path === path && this.#last.version === version) return this.#last
    const meta = guarded(path, () => readFooter(file))
    const bindings = bind(meta, this.schema as AnySchema, { path, header: this.#header })
    this.#last = { ...meta, path, version, bindings }
    return this.#last
  }
}

function headerOf<F>(schema: AnySchema, { header = {} }: ParquetSource<F>): Header {
  const names = schema.list.map(f => f.name)
  for (const [theirs, ours] of Object.entries(header) as [string, string][]) {
    if (names.includes(ours)) continue
    const near = nearestName(ours, names)
    throw new Fault(
      'pipeline',
      `header maps ${JSON.stringify(theirs)} to ${JSON.stringify(ours)}, which is no column`,
      {
        detail: [`have  ${names.join(' ')}`],
        ...(near === undefined ? {} : { hint: `did you mean ${JSON.stringify(near)}?` }),
      },
    )
  }
  return header as Header
}

function groupsOf({ path, groups }: Known, wanted: readonly number[]): RowGroupMeta[] {
  return wanted.map(i => {
    const group = groups[i]
    if (group === undefined) throw new Fault('data', `${path} changed after it was planned`)
    return group
  })
}
