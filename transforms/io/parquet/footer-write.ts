/** A Parquet file's footer: its schema and where its row groups lie. */
import type { AnySchema } from '../../../engine/data/schema.ts'
import type { ChunkMeta, RowGroupMeta, Statistics } from './format.ts'
import { leavesOfField, writeSchema } from './schema-write.ts'
import { ThriftWriter, WIRE } from './thrift-write.ts'

export const MAGIC = Buffer.from('PAR1')

/** FileMetaData, its length and the closing magic. */
export function footer(schema: AnySchema, groups: readonly RowGroupMeta[]): Buffer {
  const w = new ThriftWriter()
  w.open()
  w.i32(1, 2)
  writeSchema(w, schema)
  w.i64(
    3,
    groups.reduce((sum, g) => sum + g.rows, 0),
  )
  w.list(4, WIRE.struct, groups.length)
  groups.forEach((group, i) => writeRowGroup(w, group, i))
  w.text(6, 'millrace version 0.1.0 (build 0)')
  // Every column is ordered by its type: without this readers must ignore min and max.
  const leaves = schema.list.reduce((sum, f) => sum + leavesOfField(f).length, 0)
  w.list(7, WIRE.struct, leaves)
  for (let i = 0; i < leaves; i++) {
    w.open()
    w.open(1)
    w.close()
    w.close()
  }
  w.close()
  const { out } = w
  out.u32(out.size)
  out.append(MAGIC)
  return out.view()
}

function writeRowGroup(w: ThriftWriter, { rows, chunks }: RowGroupMeta, index: number): void {
  w.open()
  w.list(1, WIRE.struct, chunks.length)
  for (const chunk of chunks) writeChunk(w, chunk)
  w.i64(
    2,
    chunks.reduce((sum, c) => sum + c.rawBytes, 0),
  )
  w.i64(3, rows)
  const first = chunks[0]
  if (first) w.i64(5, first.dictionaryOffset ?? first.dataOffset)
  w.i64(
    6,
    chunks.reduce((sum, c) => sum + c.bytes, 0),
  )
  if (index < 0x8000) w.i16(7, index)
  w.close()
}

function writeChunk(w: ThriftWriter, chunk: ChunkMeta): void {
  w.open()
  w.i64(2, 0)
  w.open(3)
  w.i32(1, chunk.type)
  w.list(2, WIRE.i32, chunk.encodings.length)
  for (const encoding of chunk.encodings) w.elementI32(encoding)
  w.list(3, WIRE.binary, chunk.path.length)
  for (const part of chunk.path) w.elementText(part)
  w.i32(4, chunk.codec)
  w.i64(5, chunk.values)
  w.i64(6, chunk.rawBytes)
  w.i64(7, chunk.bytes)
  w.i64(9, chunk.dataOffset)
  if (chunk.dictionaryOffset !== null) w.i64(11, chunk.dictionaryOffset)
  if (chunk.statistics) writeStatistics(w, chunk.statistics)
  w.close()
  const { columnIndex, offsetIndex } = chunk
  if (offsetIndex) {
    w.i64(4, offsetIndex.at)
    w.i32(5, offsetIndex.bytes)
  }
  if (columnIndex) {
    w.i64(6, columnIndex.at)
    w.i32(7, columnIndex.bytes)
  }
  w.close()
}

function writeStatistics(w: ThriftWriter, s: Statistics): void {
  w.open(12)
  if (s.nullCount !== null) w.i64(3, s.nullCount)
  if (s.max) w.binary(5, s.max)
  if (s.min) w.binary(6, s.min)
  if (s.max) w.bool(7, s.maxExact)
  if (s.min) w.bool(8, s.minExact)
  w.close()
}
