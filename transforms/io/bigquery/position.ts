/**
 * The order of a merge's rows. BigQuery keeps no order of what it loads, and of equal times the later row
 * wins: so each shard of a merge gets a column that counts its rows through all shards. Its chunks are
 * put after the shard's own data, and the footer is written anew: no row is decoded.
 */
import { copyFile, open, rm, truncate } from 'node:fs/promises'
import { newColumn } from '../../../engine/data/column.ts'
import { type Field, schemaOf, t } from '../../../engine/data/schema.ts'
import { chunkFor, giveBack } from '../parquet/chunk-pool.ts'
import { guarded, ParquetFile, readFooter } from '../parquet/footer-read.ts'
import { footer } from '../parquet/footer-write.ts'
import { type ChunkMeta, type RowGroupMeta, ZSTD } from '../parquet/format.ts'
import { physicalType } from '../parquet/physical.ts'
import type { FinishedChunk } from '../parquet/chunk-write.ts'
import { POSITION } from './names.ts'
import type { Prepared } from './place.ts'

const ROWS_PER_PAGE = 65_536
/** Rows of all shards before: shards are fewer, and have fewer rows, than would reach 2^53. */
const SHARD_ROWS = 2 ** 36

/**
 * A copy of a shard, beside it, with the column; the caller removes it.
 *
 * Cost    the shard's bytes are copied by the system; a hundredth of a byte for each row
 * Throws  data: it is no Parquet file, or has other columns than the load
 */
export async function withPosition(
  path: string,
  columns: readonly Field[],
  index: number,
): Promise<Prepared> {
  const file = new ParquetFile(path)
  const { meta, end } = guarded(path, () => {
    try {
      const tail = file.read(file.bytes - 8, 4)
      return { meta: readFooter(file), end: file.bytes - 8 - tail.readUInt32LE(0) }
    } finally {
      file.close()
    }
  })
  const made = `${path}.positions`
  const release = () => rm(made, { force: true })
  try {
    await copyFile(path, made)
    await truncate(made, end)
    await append(made, end, { columns, groups: meta.groups, first: index * SHARD_ROWS })
  } catch (error) {
    await release()
    throw error
  }
  return { path: made, release }
}

async function append(
  path: string,
  end: number,
  o: { columns: readonly Field[]; groups: readonly RowGroupMeta[]; first: number },
): Promise<void> {
  const handle = await open(path, 'r+')
  let at = end
  let { first } = o
  const groups: RowGroupMeta[] = []
  try {
    for (const group of o.groups) {
      const { chunk, parts } = positions(first, group.rows, at)
      for (const part of parts) {
        await handle.write(part, 0, part.length, at)
        at += part.length
      }
      const own = group.chunks.map(c => ({ ...c, columnIndex: null, offsetIndex: null }))
      groups.push({ rows: group.rows, chunks: [...own, chunk] })
      first += group.rows
    }
    const tail = footer(schemaOf([...o.columns, { name: POSITION, kind: t.int64 }]), groups)
    await handle.write(tail, 0, tail.length, at)
  } finally {
    await handle.close()
  }
}

/** A chunk of the numbers [first, first + rows): delta-packed, so nearly nothing. */
function positions(first: number, rows: number, at: number) {
  const writer = chunkFor(t.int64, ROWS_PER_PAGE)
  const column = newColumn(t.int64, Math.min(rows, ROWS_PER_PAGE))
  for (let from = 0; from < rows; from += ROWS_PER_PAGE) {
    const count = Math.min(ROWS_PER_PAGE, rows - from)
    for (let i = 0; i < count; i++) column.values[i] = first + from + i
    writer.append(column, null, 0, count)
  }
  const made = placed(writer.finish(), at)
  giveBack([writer], ROWS_PER_PAGE)
  return made
}

function placed(finished: FinishedChunk, at: number): { chunk: ChunkMeta; parts: Uint8Array[] } {
  const { pages, dictionary, values, statistics } = finished
  // The writer's arrays are used again.
  const parts = [...(dictionary ? [Buffer.from(dictionary)] : []), Buffer.from(pages.data.view())]
  const bytes = parts.reduce((sum, p) => sum + p.length, 0)
  const chunk = {
    type: physicalType(t.int64),
    path: [POSITION],
    codec: ZSTD,
    values,
    encodings: [...pages.encodings].sort((a, b) => a - b),
    rawBytes: pages.rawBytes,
    bytes,
    dataOffset: at + (dictionary?.length ?? 0),
    dictionaryOffset: dictionary ? at : null,
    statistics,
    columnIndex: null,
    offsetIndex: null,
  }
  return { chunk, parts }
}
