/**
 * Writes batches as a Parquet file: column chunks side by side, a row group when they are large
 * enough, a footer at the end. Bytes depend on the rows and the options alone.
 */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { type Batch, columnOf } from '../../../engine/data/batch.ts'
import { isText } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { type AnySchema, describe } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { Fragment, FragmentWriter } from '../../../engine/io/sink.ts'
import { BoolChunk } from './bool-chunk.ts'
import type { ChunkWriter, FinishedChunk } from './chunk-write.ts'
import { footer, MAGIC } from './footer-write.ts'
import { type ChunkMeta, type RowGroupMeta, ZSTD } from './format.ts'
import { physicalType } from './physical.ts'
import { TextChunk } from './text-chunk.ts'
import { ValueChunk } from './value-chunk.ts'

export interface ParquetOptions {
  /** Most rows of a row group; default 1,048,576. */
  readonly rowsPerRowGroup?: number
  /** Encoded but uncompressed bytes after which a row group ends; default 128 MB. */
  readonly bytesPerRowGroup?: number
  /** Most rows of a page; default 65,536, fewer for schemas of more than 32 columns. */
  readonly rowsPerPage?: number
}

/** What `assemble` needs of a fragment. */
export interface ParquetDetail {
  readonly schema: string
  readonly groups: readonly RowGroupMeta[]
}

/** The size of a row group is looked at after so many rows, whatever the batches. */
const STRIDE = 8192

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
  readonly #groups: RowGroupMeta[] = []
  #chunks: ChunkWriter[] = []
  /** Rows in the row group that is being filled. */
  #rows = 0
  #total = 0
  #fd: number
  #offset = 0

  constructor(path: string, schema: AnySchema, options: ParquetOptions) {
    this.#path = path
    this.#schema = schema
    const columns = schema.list.length
    this.#rowsMax = options.rowsPerRowGroup ?? 1 << 20
    this.#bytesMax = options.bytesPerRowGroup ?? 128e6
    this.#rowsPerPage = options.rowsPerPage ?? (columns <= 32 ? 65_536 : 16_384)
    this.#fd = refusing(path, () => openSync(path, 'w'))
    this.#append(MAGIC)
    this.#begin()
  }

  get heldBytes(): number {
    let sum = 0
    for (const chunk of this.#chunks) sum += chunk.heldBytes
    return sum
  }

  #begin(): void {
    this.#chunks = this.#schema.list.map(f => chunkFor(f.kind, this.#rowsPerPage))
    this.#rows = 0
  }

  write(batch: Batch): void {
    const columns = this.#schema.list.map((_, i) => columnOf(batch, i))
    let at = 0
    while (at < batch.selected) {
      const room = Math.min(STRIDE - (this.#rows % STRIDE), this.#rowsMax - this.#rows)
      const to = Math.min(batch.selected, at + room)
      for (let i = 0; i < columns.length; i++)
        this.#chunks[i]?.append(columns[i] as (typeof columns)[0], batch.selection, at, to)
      this.#rows += to - at
      at = to
      if (this.#rows === this.#rowsMax || (this.#rows % STRIDE === 0 && this.#large))
        this.#endGroup()
    }
  }

  get #large(): boolean {
    let sum = 0
    for (const chunk of this.#chunks) sum += chunk.pages.rawBytes
    return sum > this.#bytesMax
  }

  #endGroup(): void {
    const { list } = this.#schema
    const chunks = this.#chunks.map((chunk, i) => {
      const { name, kind } = list[i] as (typeof list)[0]
      return this.#writeChunk(name, kind, chunk.finish())
    })
    this.#groups.push({ rows: this.#rows, chunks })
    this.#total += this.#rows
    this.#begin()
  }

  #writeChunk(name: string, kind: Kind, finished: FinishedChunk): ChunkMeta {
    const { pages, dictionary, values, statistics } = finished
    const start = this.#offset
    if (dictionary) this.#append(dictionary)
    const dataOffset = this.#offset
    this.#append(pages.data.view())
    return {
      type: physicalType(kind),
      name,
      codec: ZSTD,
      values,
      encodings: [...pages.encodings].sort((a, b) => a - b),
      rawBytes: pages.rawBytes,
      bytes: this.#offset - start,
      dataOffset,
      dictionaryOffset: dictionary ? start : null,
      statistics,
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
    this.#append(footer(this.#schema, this.#groups))
    this.#release()
    const detail: ParquetDetail = { schema: describe(this.#schema), groups: this.#groups }
    return { path: this.#path, rows: this.#total, bytes: this.#offset, detail }
  }

  #release(): void {
    if (this.#fd >= 0) closeSync(this.#fd)
    this.#fd = -1
    this.#chunks = []
  }

  abort(): void {
    this.#release()
    rmSync(this.#path, { force: true })
  }
}

function chunkFor(kind: Kind, rowsPerPage: number): ChunkWriter {
  if (kind.tag === 'bool') return new BoolChunk(kind, rowsPerPage)
  return isText(kind) ? new TextChunk(kind, rowsPerPage) : new ValueChunk(kind, rowsPerPage)
}

/** Runs a file operation; its failure is the operator's to mend. */
export function refusing<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('resource', `cannot write ${path}: ${(cause as Error).message}`, { cause })
  }
}
