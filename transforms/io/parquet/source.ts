/** Reads Parquet files: plans splits of whole row groups from the footers, opens their readers. */
import { statSync } from 'node:fs'
import { type AnySchema, describe, type Fields, type Schema } from '../../../engine/data/schema.ts'
import { Fault, nearestName, redactUri } from '../../../engine/fault.ts'
import type {
  PlanRequest,
  ReadRequest,
  Source,
  SourcePlan,
  Split,
} from '../../../engine/io/source.ts'
import { listFiles } from '../files/list.ts'
import { type Binding, bind, type Header } from './bind.ts'
import { type FileMeta, guarded, ParquetFile, readFooter } from './footer-read.ts'
import type { RowGroupMeta } from './format.ts'
import { ParquetSplitReader } from './split-read.ts'

export interface ParquetSource<F> {
  /** Columns that have another name in the files: `{ invoice_no: 'invoiceNo' }`. */
  readonly header?: { readonly [name: string]: keyof F & string }
}

/** A split's row groups, by position in the file. */
interface Detail {
  readonly groups: readonly number[]
}

interface Known extends FileMeta {
  readonly path: string
  readonly version: string
  readonly bindings: readonly Binding[]
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

  async plan({ splitBytes }: PlanRequest): Promise<SourcePlan> {
    const files = listFiles(this.#path)
    const splits: Split[] = []
    for (const { path } of files) {
      const file = new ParquetFile(path)
      try {
        splits.push(...splitsOf(this.#meta(file), splitBytes))
      } finally {
        file.close()
      }
    }
    const inputs = files.map(({ path, bytes, version }) => ({ uri: path, bytes, version }))
    return { splits, inputs }
  }

  open(split: Split, request: ReadRequest): ParquetSplitReader {
    const file = new ParquetFile(split.uri)
    try {
      const meta = this.#meta(file)
      const groups = (split.detail as Detail).groups.map(i => meta.groups[i])
      if (groups.some(g => g === undefined))
        throw new Fault('data', `${split.uri} changed after it was planned`)
      const { bindings } = meta
      const schema = this.schema as AnySchema
      return new ParquetSplitReader(
        { file, split, schema, bindings, groups: groups as RowGroupMeta[] },
        request,
      )
    } catch (error) {
      file.close()
      throw error
    }
  }

  #meta(file: ParquetFile): Known {
    const { path } = file
    const version = `${file.bytes} ${statSync(path).mtimeMs}`
    if (this.#last?.path === path && this.#last.version === version) return this.#last
    const meta = guarded(path, () => readFooter(file))
    const bindings = bind(meta.leaves, this.schema as AnySchema, { path, header: this.#header })
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

function splitsOf(meta: Known, splitBytes: number): Split[] {
  const splits: Split[] = []
  let groups: number[] = []
  const end = (): void => {
    if (groups.length > 0) splits.push(splitOf(meta, groups))
    groups = []
  }
  for (const i of meta.groups.keys()) {
    groups.push(i)
    const { start, end: last } = extentOf(meta, groups)
    if (last - start >= splitBytes) end()
  }
  end()
  return splits
}

function extentOf(meta: Known, groups: readonly number[]): { start: number; end: number } {
  const chunks = groups.flatMap(i => meta.groups[i]?.chunks ?? [])
  const starts = chunks.map(c => Math.min(c.dictionaryOffset ?? c.dataOffset, c.dataOffset))
  const end = Math.max(0, ...chunks.map((c, i) => (starts[i] as number) + c.bytes))
  return { start: Math.min(end, ...starts), end }
}

/** Bytes: of the schema's columns, the only ones that may be read. */
function splitOf(meta: Known, groups: readonly number[]): Split {
  const columns = new Set(meta.bindings.map(b => b.index))
  let bytes = 0
  for (const i of groups)
    meta.groups[i]?.chunks.forEach((chunk, c) => {
      if (columns.has(c)) bytes += chunk.bytes
    })
  const detail: Detail = { groups }
  return { uri: meta.path, ...extentOf(meta, groups), bytes, detail }
}
