/**
 * Joins Parquet files of one schema without decoding them: row groups are copied byte by byte, and
 * one new footer has their offsets moved.
 */
import { closeSync, copyFileSync, linkSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { Fragment } from '../../../engine/io/sink.ts'
import { footer, MAGIC } from './footer-write.ts'
import type { ChunkMeta, RowGroupMeta } from './format.ts'
import { ParquetFile, readFooter } from './footer-read.ts'
import { refusing } from './fragment.ts'
import { type ChunkIndex, placeIndexes } from './index-place.ts'
import { readPageIndex } from './page-index-read.ts'

const COPY_BYTES = 4 << 20

/** Writes the fragments' row groups, in order, as one file at `path`; answers its bytes. */
export function assemble(
  fragments: readonly Fragment[],
  path: string,
  schema: AnySchema,
): Promise<number> {
  return new Promise(resolve => resolve(refusing(path, () => join(fragments, path, schema))))
}

function join(fragments: readonly Fragment[], path: string, schema: AnySchema): number {
  rmSync(path, { force: true })
  const [only] = fragments
  if (only && fragments.length === 1) {
    place(only.path, path)
    return only.bytes
  }
  const out = openSync(path, 'w')
  try {
    return joinInto(out, fragments, schema)
  } finally {
    closeSync(out)
  }
}

function joinInto(out: number, fragments: readonly Fragment[], schema: AnySchema): number {
  const buffer = Buffer.allocUnsafeSlow(COPY_BYTES)
  const groups: RowGroupMeta[] = []
  const indexes: (ChunkIndex | null)[][] = []
  let offset = write(out, MAGIC)
  for (const fragment of fragments) {
    const { groups: theirs, indexes: found } = contentOf(fragment, offset - MAGIC.length)
    if (theirs.length === 0) continue
    const end = Math.max(...theirs.flatMap(g => g.chunks.map(c => startOf(c) + c.bytes)))
    for (const group of theirs) groups.push(moved(group, offset - MAGIC.length))
    indexes.push(...found)
    offset += copy(fragment.path, MAGIC.length, end, { out, buffer })
  }
  const placed = placeIndexes(groups, indexes, bytes => {
    offset += write(out, bytes)
    return offset - bytes.length
  })
  return offset + write(out, footer(schema, placed))
}

const startOf = (chunk: RowGroupMeta['chunks'][number]): number =>
  chunk.dictionaryOffset ?? chunk.dataOffset

const moved = ({ rows, chunks }: RowGroupMeta, by: number): RowGroupMeta => ({
  rows,
  chunks: chunks.map(c => ({
    ...c,
    dataOffset: c.dataOffset + by,
    dictionaryOffset: c.dictionaryOffset === null ? null : c.dictionaryOffset + by,
  })),
})

interface Content {
  readonly groups: readonly RowGroupMeta[]
  readonly indexes: (ChunkIndex | null)[][]
}

/** From the fragment's own footer and page indexes, pages moved by so many bytes. */
function contentOf({ path }: Fragment, by: number): Content {
  const file = new ParquetFile(path)
  try {
    const { groups } = readFooter(file)
    return { groups, indexes: groups.map(g => g.chunks.map(c => movedIndex(file, c, by))) }
  } finally {
    file.close()
  }
}

function movedIndex(file: ParquetFile, chunk: ChunkMeta, by: number): ChunkIndex | null {
  const pages = readPageIndex(file, chunk)
  if (pages === null) return null
  const { columnIndex: place } = chunk
  const columns = place && file.read(place.at, place.bytes)
  return { columns, pages: pages.map(p => ({ ...p, at: p.at + by, statistics: null })) }
}

/** The same file under a second name where the file system can, else a copy. */
function place(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch {
    copyFileSync(from, to)
  }
}

function copy(
  from: string,
  start: number,
  end: number,
  to: { out: number; buffer: Buffer },
): number {
  const source = openSync(from, 'r')
  try {
    for (let at = start; at < end; ) {
      const got = readSync(source, to.buffer, 0, Math.min(to.buffer.length, end - at), at)
      if (got === 0) throw new Error(`${from} ends early`)
      write(to.out, to.buffer.subarray(0, got))
      at += got
    }
  } finally {
    closeSync(source)
  }
  return end - start
}

function write(fd: number, bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
  return bytes.length
}
