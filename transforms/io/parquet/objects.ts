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
import { bytesIn, type Detail, splitsOf } from './split-plan.ts'
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
    const { FIRST_BYTES } = await import('../objects/object-heads.ts')
    // What comes with one request is not split: most of those are looked into when they are read.
    const looking = { ...request, splitBytes: FIRST_BYTES }
    const metas = await lookAll(files, looking, f => this.#metaOf(f.object as StoredObject))
    const known = metas.filter(meta => meta !== null)
    const cut = splitsOf(known, this.schema, request)
    const splits = inOrder(files, metas, cut.splits)
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
    // What is no column's was planned to be read too, as the file was not looked into.
    if ((split.detail as Detail).groups === null)
      request.advance(split.bytes - bytesIn(place.groups, place.bindings))
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

/** The splits of each file, its object with them; one of all of a file that was not looked into. */
function inOrder(
  files: readonly InputFile[],
  metas: readonly (Known | null)[],
  cut: readonly Split[],
): Split[] {
  let next = 0
  return files.flatMap(({ path: uri, bytes, object }, i) => {
    if (metas[i] === null) {
      const detail = { groups: null, passed: [], object }
      return [{ uri, start: 0, end: bytes, bytes, detail }]
    }
    const own: Split[] = []
    for (; cut[next]?.uri === uri; next++) {
      const split = cut[next] as Split
      own.push({ ...split, detail: { ...(split.detail as Detail), object } })
    }
    return own
  })
}
