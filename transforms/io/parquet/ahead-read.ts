/**
 * A split's reader over an object store: before a batch is decoded, the column chunks that it is decoded
 * from are there, and those of the next row group are on their way. Only columns that are read are
 * fetched; of the first row group of a thread all of the schema, as it is not known yet which those are.
 */
import type { Batch } from '../../../engine/data/batch.ts'
import type { ReadRequest, SplitEnd, SplitReader } from '../../../engine/io/source.ts'
import type { ObjectRanges, Place } from '../objects/ranges.ts'
import { indexesOf } from './bind.ts'
import { guarded, type ParquetFile } from './footer-read.ts'
import type { RowGroupMeta } from './format.ts'
import type { ParquetSplitReader, SplitPlace } from './split-read.ts'
import { Malformed } from './thrift-read.ts'

/** What is read of a file's end: most footers are shorter, with the page indexes before them. */
const TAIL_BYTES = 128 << 10
/** A longer footer is taken for damage. */
const FOOTER_BYTES_MAX = 256 << 20

/** Throws data: it is no Parquet file; resource: it cannot be read. */
export async function loadFooter(file: ParquetFile): Promise<void> {
  const { bytes, ranges } = file
  const tail = Math.min(bytes, TAIL_BYTES)
  await ranges?.load([{ at: bytes - tail, bytes: tail }])
  if (bytes < 12) return
  const length = file.read(bytes - 8, 4).readUInt32LE(0) + 8
  if (length <= tail || length > bytes) return
  guarded(file.path, () => {
    if (length > FOOTER_BYTES_MAX) throw new Malformed(`its footer has ${length} bytes`)
  })
  await ranges?.load([{ at: bytes - length, bytes: length }])
}

interface Ahead extends Pick<ReadRequest, 'leaveOut'> {
  /** Whether the columns that are read are known already. */
  readonly known: boolean
}

export class AheadReader implements SplitReader {
  readonly #inner: ParquetSplitReader
  readonly #place: SplitPlace
  readonly #ranges: ObjectRanges
  readonly #ahead: Ahead
  /** What was asked for last: a row group and its columns. */
  #asked = ''

  constructor(inner: ParquetSplitReader, place: SplitPlace, ahead: Ahead) {
    this.#inner = inner
    this.#place = place
    this.#ranges = place.file.ranges as ObjectRanges
    this.#ahead = ahead
  }

  next(): Batch | null | Promise<Batch | null> {
    const waiting = this.#ask()
    return waiting === null ? this.#inner.next() : waiting.then(() => this.#inner.next())
  }

  /** Null where all that the next batch needs is there. */
  #ask(): Promise<void> | null {
    const { known } = this.#ahead
    const ranges = this.#ranges
    const { group, columns } = this.#inner.upcoming
    const now = this.#place.groups[group]
    const key = `${group} ${columns.join()}`
    if (now === undefined || key === this.#asked) return now ? ranges.ready() : null
    const all = !known && this.#asked === '' ? this.#place.bindings.flatMap(indexesOf) : columns
    const next = chunksOf(this.#after(group), columns)
    // A column that was fetched late is read on as it was begun: its row group is not asked for again.
    if (this.#asked.startsWith(`${group} `)) ranges.expect(next)
    else ranges.want([...this.#indexOf(now), ...chunksOf(now, all)], next)
    this.#asked = key
    return ranges.ready()
  }

  #after(group: number): RowGroupMeta | undefined {
    const { groups, passed } = this.#place
    return groups.find((g, i) => i > group && !passed.has(g))
  }

  /** The page indexes of the columns that conditions name: they are looked at before the rows. */
  #indexOf({ chunks }: RowGroupMeta): Place[] {
    const { leaveOut } = this.#ahead
    if (leaveOut === undefined) return []
    const { bindings, schema } = this.#place
    const named = new Set(leaveOut.conditions.flatMap(tests => tests.map(t => t.column)))
    return bindings.flatMap((b, i) => {
      if (!named.has(schema.list[i]?.name ?? '')) return []
      const chunk = chunks[b.index]
      return [chunk?.columnIndex, chunk?.offsetIndex].filter(p => p !== null && p !== undefined)
    })
  }

  widen(wanted: readonly boolean[]): Batch {
    return this.#inner.widen(wanted)
  }

  end(): SplitEnd {
    return this.#inner.end()
  }

  close(): void {
    this.#inner.close()
  }
}

function chunksOf(group: RowGroupMeta | undefined, columns: readonly number[]): Place[] {
  return columns.flatMap(index => {
    const chunk = group?.chunks[index]
    if (chunk === undefined) return []
    const at = Math.min(chunk.dictionaryOffset ?? chunk.dataOffset, chunk.dataOffset)
    return [{ at, bytes: chunk.bytes }]
  })
}
