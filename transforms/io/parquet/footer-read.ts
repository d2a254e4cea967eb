/** Reads a Parquet file's footer: its columns and row groups. Only metadata is read, and checked. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { Fault } from '../../../engine/fault.ts'
import type { ChunkMeta, Place, RowGroupMeta, Statistics } from './format.ts'
import { type Leaf, type SchemaNode, schemaOfFile } from './leaf.ts'
import type { ObjectRanges } from '../objects/ranges.ts'
import { Malformed, ThriftReader, type ThriftStruct, type ThriftValue } from './thrift-read.ts'

export interface FileMeta {
  readonly rows: number
  readonly leaves: readonly Leaf[]
  readonly columns: readonly SchemaNode[]
  /** Chunks in the order of `leaves`. */
  readonly groups: readonly RowGroupMeta[]
}

/** An open file whose reads are bounded by its size; where it lies in an object store, its `ranges`. */
export class ParquetFile {
  readonly path: string
  readonly bytes: number
  readonly ranges: ObjectRanges | null
  #fd = -1
  constructor(path: string, ranges: ObjectRanges | null = null) {
    this.path = path
    this.ranges = ranges
    if (ranges !== null) {
      this.bytes = ranges.object.bytes
      return
    }
    try {
      this.#fd = openSync(path, 'r')
    } catch (cause) {
      throw new Fault('resource', `cannot read ${path}: ${(cause as Error).message}`, { cause })
    }
    this.bytes = fstatSync(this.#fd).size
  }

  /** Another one is another content. */
  get version(): string {
    const version = this.ranges?.object.version ?? statSync(this.path).mtimeMs
    return `${this.bytes} ${version}`
  }

  read(at: number, length: number, into?: Buffer): Buffer {
    if (!(at >= 0 && length >= 0 && at + length <= this.bytes))
      throw new Malformed(
        `it ends early: bytes ${at} to ${at + length} of ${this.bytes} are wanted`,
      )
    if (this.ranges !== null) return this.ranges.read(at, length)
    const buffer = into && into.length >= length ? into : Buffer.allocUnsafeSlow(length)
    for (let got = 0; got < length; ) {
      const more = readSync(this.#fd, buffer, got, length - got, at + got)
      if (more === 0) throw new Malformed('it became shorter while it was read')
      got += more
    }
    return buffer.subarray(0, length)
  }

  close(): void {
    this.ranges?.close()
    if (this.#fd >= 0) closeSync(this.#fd)
    this.#fd = -1
  }
}

/** Runs what reads `path`; anything that malformed bytes lead to becomes a `data` fault. */
export function guarded<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof Fault) throw error
    const { message } = error as Error
    const system = (error as NodeJS.ErrnoException).syscall !== undefined
    if (system) throw new Fault('resource', `cannot read ${path}: ${message}`, { cause: error })
    throw new Fault('data', `${path} is not a Parquet file that can be read: ${message}`, {
      cause: error,
    })
  }
}

export function readFooter(file: ParquetFile): FileMeta {
  if (file.bytes < 12) throw new Malformed(`it has ${file.bytes} bytes only`)
  const tail = file.read(file.bytes - 8, 8)
  const magic = tail.toString('latin1', 4)
  if (magic === 'PARE') throw new Malformed('it is encrypted')
  if (magic !== 'PAR1') throw new Malformed('it does not end with PAR1')
  const length = tail.readUInt32LE(0)
  const footer = file.read(file.bytes - 8 - length, length)
  const meta = new ThriftReader(footer).struct()
  const { leaves, columns } = schemaOfFile(listOf(meta, 2))
  const groups = listOf(meta, 4).map(g => groupOf(g as ThriftStruct, leaves, file.bytes))
  return { rows: groups.reduce((sum, g) => sum + g.rows, 0), leaves, columns, groups }
}

export function listOf(struct: ThriftStruct, id: number): ThriftValue[] {
  const value = struct.get(id)
  if (!Array.isArray(value)) throw new Malformed(`its metadata lacks list ${id}`)
  return value
}

function numberOf(struct: ThriftStruct, id: number, most: number): number {
  const value = struct.get(id)
  if (typeof value !== 'number' || !(value >= 0 && value <= most))
    throw new Malformed(`its metadata has ${String(value)} in field ${id}`)
  return value
}

function groupOf(struct: ThriftStruct, leaves: readonly Leaf[], bytes: number): RowGroupMeta {
  const rows = numberOf(struct, 3, 2 ** 40)
  const list = listOf(struct, 1)
  if (list.length !== leaves.length)
    throw new Malformed(`a row group has ${list.length} columns, the schema ${leaves.length}`)
  const chunks = list.map((c, i) => {
    const meta = (c as ThriftStruct).get?.(3)
    if (!(meta instanceof Map)) throw new Malformed('a column chunk has no metadata')
    const chunk = chunkOf(meta, leaves[i] as Leaf, bytes)
    const indexes = c as ThriftStruct
    return {
      ...chunk,
      offsetIndex: placeOf(indexes, 4, bytes),
      columnIndex: placeOf(indexes, 6, bytes),
    }
  })
  return { rows, chunks }
}

/** Of an offset and the length in the field after it; null where there is none. */
function placeOf(struct: ThriftStruct, id: number, most: number): Place | null {
  if (!struct.has(id) || !struct.has(id + 1)) return null
  const at = numberOf(struct, id, most)
  return { at, bytes: numberOf(struct, id + 1, most - at) }
}

type ChunkFacts = Omit<ChunkMeta, 'columnIndex' | 'offsetIndex'>

function chunkOf(meta: ThriftStruct, leaf: Leaf, bytes: number): ChunkFacts {
  const dictionaryOffset = meta.has(11) ? numberOf(meta, 11, bytes) : null
  const statistics = meta.get(12)
  return {
    type: numberOf(meta, 1, 7),
    path: leaf.path,
    codec: numberOf(meta, 4, 255),
    values: numberOf(meta, 5, 2 ** 40),
    encodings: listOf(meta, 2) as number[],
    rawBytes: numberOf(meta, 6, 2 ** 50),
    bytes: numberOf(meta, 7, bytes),
    dataOffset: numberOf(meta, 9, bytes),
    // Some writers put 0 where there is no dictionary.
    dictionaryOffset: dictionaryOffset === 0 ? null : dictionaryOffset,
    statistics: statistics instanceof Map ? statisticsOf(statistics) : null,
  }
}

function statisticsOf(s: ThriftStruct): Statistics {
  const count = s.get(3)
  const [max, min] = [s.get(5), s.get(6)]
  return {
    nullCount: typeof count === 'number' && count >= 0 ? count : null,
    // The older fields 1 and 2 are left aside: their order was never defined.
    min: min instanceof Uint8Array ? min : null,
    max: max instanceof Uint8Array ? max : null,
    minExact: s.get(8) !== false,
    maxExact: s.get(7) !== false,
  }
}
