/**
 * Writes batches as a Parquet file: column chunks side by side, a row group when they are large
 * enough, a footer at the end. Bytes depend on the rows and the options alone.
 */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { type Batch, columnOf } from '../../../engine/data/batch.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { diskFault } from '../../../engine/io/disk.ts'
import type { Fragment, FragmentWriter } from '../../../engine/io/sink.ts'
import type { FinishedChunk } from './chunk-write.ts'
import { footer, MAGIC } from './footer-write.ts'
import { type ChunkMeta, type RowGroupMeta, ZSTD } from './format.ts'
import { type ChunkIndex, indexOf, placeIndexes } from './index-place.ts'
import { LargeValues } from './large-values.ts'
import { physicalType } from './physical.ts'
import { type LeafSpec, leavesOfField } from './schema-write.ts'
import { type WrittenColumn, writtenColumn } from './written-column.ts'

export interface ParquetOptions {
  /** Most rows of a row group; default 1,048,576. */
  readonly rowsPerRowGroup?: number
  /** Encoded but uncompressed bytes after which a row group ends; default 128 MB. */
  readonly bytesPerRowGroup?: number
  /** Most rows of a page; default 65,536, fewer for schemas of many columns and for small files. */
  readonly rowsPerPage?: number
  /** Bytes at which the file takes no more rows; default: none. Looked at between pages. */
  readonly bytesMax?: number
}

/** Sizes are looked at so often in a row group, as far as its rows let foresee it. */
const STRIDES = 16
/** Sizes are looked at after so many rows at most, whatever the batches; earlier where rows are large. */
const STRIDE_MAX = 8192
/** A row group starts carefully: its first rows tell how large rows are. */
const STRIDE_MIN = 8

/** A writer of one Parquet file at `path`. Throws resource: it cannot be written. */
export function parquetFragment(
  path: string,
  schema: AnySchema,
  options: ParquetOptions = {},
): FragmentWriter {
  return new ParquetWriter(path, schema, options)
}

class ParquetWriter implements FragmentWriter {
  readonly #path: string
  readonly #schema: AnySchema
  readonly #rowsMax: number
  readonly #bytesMax: number
  readonly #rowsPerPage: number
  readonly #fileBytesMax: number
  readonly #groups: RowGroupMeta[] = []
  readonly #indexes: (ChunkIndex | null)[][] = []
  /** By column. */
  #columns: WrittenColumn[] = []
  readonly #leaves: readonly LeafSpec[]
  /** Rows in the row group that is being filled. */
  #rows = 0
  /** Of those, at how many its size is looked at next. */
  #check = STRIDE_MIN
  /** Those of the rows since it was looked at last. */
  readonly #large: LargeValues
  #total = 0
  #full = false
  #fd: number
  #offset = 0

  constructor(path: string, schema: AnySchema, options: ParquetOptions) {
    this.#path = path
    this.#schema = schema
    this.#leaves = schema.list.flatMap(leavesOfField)
    const columns = this.#leaves.length
    const { bytesMax = Number.POSITIVE_INFINITY } = options
    this.#fileBytesMax = bytesMax
    this.#rowsMax = options.rowsPerRowGroup ?? 1 << 20
    this.#bytesMax = options.bytesPerRowGroup ?? 128e6
    this.#large = new LargeValues(this.#bytesMax / STRIDES)
    this.#rowsPerPage = options.rowsPerPage ?? pageRows(columns, bytesMax)
    this.#fd = refusing(path, () => openSync(path, 'w'))
    this.#append(MAGIC)
    this.#columns = schema.list.map(f => writtenColumn(f, this.#rowsPerPage))
    this.#begin()
  }

  get heldBytes(): number {
    let sum = 0
    for (const { chunks } of this.#columns) for (const chunk of chunks) sum += chunk.heldBytes
    return sum
  }

  #begin(): void {
    for (const column of this.#columns) column.reset()
    this.#rows = 0
    this.#check = Math.min(STRIDE_MIN, this.#rowsMax)
  }

  write(batch: Batch, from = 0, to = batch.selected): number {
    const columns = this.#schema.list.map((_, i) => columnOf(batch, i))
    const { selection } = batch
    this.#large.meet(columns, selection, from, to)
    let at = from
    while (at < to && !this.#full) {
      const until = this.#large.reach(selection, at, Math.min(to, at + this.#check - this.#rows))
      for (let i = 0; i < columns.length; i++)
        this.#columns[i]?.append(columns[i] as (typeof columns)[0], selection, at, until)
      this.#rows += until - at
      at = until
      if (this.#rows === this.#check || this.#large.many) this.#look()
    }
    return at
  }

  /** Ends the row group or the file where they are large enough. */
  #look(): void {
    const rows = this.#rows
    this.#large.clear()
    let [raw, packed] = [0, this.#offset]
    for (const { chunks } of this.#columns)
      for (const { pages } of chunks) {
        raw += pages.rawBytes
        packed += pages.data.size
      }
    this.#full = packed >= this.#fileBytesMax
    if (rows === this.#rowsMax || raw > this.#bytesMax) this.#endGroup()
    // As many rows as a sixteenth of the row group is expected to have, but never a leap.
    const expected = Math.ceil((this.#bytesMax / STRIDES) * (rows / Math.max(1, raw)))
    const stride = Math.min(expected, STRIDE_MAX, rows)
    this.#check = Math.min(this.#rowsMax, this.#rows + Math.max(stride, STRIDE_MIN))
  }

  #endGroup(): void {
    const indexes: (ChunkIndex | null)[] = []
    const written = this.#columns.flatMap(c => c.chunks)
    const chunks = written.map((chunk, i) => {
      const finished = chunk.finish()
      const meta = this.#writeChunk(this.#leaves[i] as LeafSpec, finished)
      const { dataOffset } = meta
      indexes.push(indexOf(finished.marks.map(mark => ({ ...mark, at: mark.at + dataOffset }))))
      return meta
    })
    this.#indexes.push(indexes)
    this.#groups.push({ rows: this.#rows, chunks })
    this.#total += this.#rows
    this.#begin()
  }

  #writeChunk({ path, kind }: LeafSpec, finished: FinishedChunk): ChunkMeta {
    const { pages, dictionary, values, statistics } = finished
    const start = this.#offset
    if (dictionary) this.#append(dictionary)
    const dataOffset = this.#offset
    this.#append(pages.data.view())
    return {
      type: physicalType(kind),
      path,
      codec: ZSTD,
      values,
      encodings: [...pages.encodings].sort((a, b) => a - b),
      rawBytes: pages.rawBytes,
      bytes: this.#offset - start,
      dataOffset,
      dictionaryOffset: dictionary ? start : null,
      statistics,
      columnIndex: null,
      offsetIndex: null,
    }
  }

  #append(bytes: Uint8Array): void {
    refusing(this.#path, () => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at)
    })
    this.#offset += bytes.length
  }

  close(): Fragment {
    if (this.#rows > 0) this.#endGroup()
    const groups = placeIndexes(this.#groups, this.#indexes, bytes => {
      const at = this.#offset
      this.#append(bytes)
      return at
    })
    this.#append(footer(this.#schema, groups))
    this.#release()
    return { path: this.#path, rows: this.#total, bytes: this.#offset }
  }

  #release(): void {
    if (this.#fd >= 0) closeSync(this.#fd)
    this.#fd = -1
    for (const column of this.#columns) column.release()
    this.#columns = []
  }

  abort(): void {
    this.#release()
    rmSync(this.#path, { force: true })
  }
}

/**
 * Pages of all columns are filled side by side: together they have two million values at most, and so
 * few that a file of `bytesMax` takes several, to end near its size.
 */
function pageRows(columns: number, bytesMax: number): number {
  const values = Math.min(2 ** 21, bytesMax / 32)
  const rows = 2 ** Math.floor(Math.log2(values / Math.max(1, columns)))
  return Math.max(256, Math.min(65_536, rows))
}

/** Runs a file operation; its failure is the operator's to mend. */
export function refusing<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    throw diskFault(cause, path, 'written')
  }
}
