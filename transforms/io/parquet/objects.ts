/** Reads Parquet files of an object store: as `ParquetFiles`, with footers and column chunks fetched first. */
import type { Fields, Schema } from '../../../engine/data/schema.ts'
import type {
  PlanRequest,
  ReadRequest,
  SourcePlan,
  Split,
  SplitReader,
} from '../../../engine/io/source.ts'
import type { FileSource } from '../files/foldered.ts'
import { inputsOf, lookAll } from '../files/inputs.ts'
import type { InputFile } from '../files/list.ts'
import { objectOf } from '../files/parts.ts'
import type { StoredObject } from '../objects/store.ts'
import { AheadReader, loadFooter } from './ahead-read.ts'
import { ParquetFile } from './footer-read.ts'
import type { Known, ParquetFiles } from './source.ts'
import { type Detail, splitsOf } from './split-plan.ts'
import { ParquetSplitReader } from './split-read.ts'

export class ParquetObjects<F extends Fields> implements FileSource<F> {
  readonly format: string
  readonly leavesOut: boolean
  readonly schema: Schema<F>
  readonly uri: string
  readonly fingerprint: string
  readonly #asked: string
  readonly #files: ParquetFiles<F>
  /** Whether the columns that are read are known: a split was read by this thread before. */
  #known = false

  /** `uri` as it was given. */
  constructor(uri: string, files: ParquetFiles<F>) {
    this.#asked = uri
    this.#files = files
    this.format = files.format
    this.leavesOut = files.leavesOut
    this.schema = files.schema
    this.uri = files.uri
    this.fingerprint = files.fingerprint
  }

  async plan(request: PlanRequest, listed?: readonly InputFile[]): Promise<SourcePlan> {
    const files = listed ?? (await inputsOf(this.#asked, request))
    const metas = await lookAll(files, { ...request, splitBytes: -1 }, f =>
      this.#metaOf(f.object as StoredObject),
    )
    const cut = splitsOf(metas as Known[], this.schema, request)
    const objects = new Map(files.map(({ path, object }) => [path, object]))
    const splits = cut.splits.map(split => {
      const detail = { ...(split.detail as Detail), object: objects.get(split.uri) }
      return { ...split, detail }
    })
    const inputs = files.map(({ path, bytes, version }) => ({ uri: path, bytes, version }))
    return { ...cut, splits, inputs }
  }

  /** The schema's columns that the file lacks. Throws as `plan`. */
  async missingIn({ object }: InputFile): Promise<readonly string[]> {
    const { ObjectRanges } = await import('../objects/ranges.ts')
    const stored = object as StoredObject
    const file = new ParquetFile(stored.uri, new ObjectRanges(stored))
    try {
      await loadFooter(file)
      return this.#files.missingOf(file)
    } finally {
      file.close()
    }
  }

  async open(split: Split, request: ReadRequest): Promise<SplitReader> {
    const file = await this.#fileOf(objectOf(split) as StoredObject, request.memoryBytes)
    const place = this.#files.placeOf(file, split)
    const { leaveOut } = request
    const known = this.#known
    this.#known = true
    const reader = new ParquetSplitReader(place, request)
    return new AheadReader(reader, place, { known, ...(leaveOut && { leaveOut }) })
  }

  /** With its footer there, unless it is the one that was read last. */
  async #fileOf(object: StoredObject, memoryBytes?: number): Promise<ParquetFile> {
    const { ObjectRanges } = await import('../objects/ranges.ts')
    const file = new ParquetFile(object.uri, new ObjectRanges(object, memoryBytes))
    if (!this.#files.knows(file)) await loadFooter(file)
    return file
  }

  async #metaOf(object: StoredObject): Promise<Known> {
    const file = await this.#fileOf(object)
    try {
      return this.#files.meta(file)
    } finally {
      file.close()
    }
  }
}
