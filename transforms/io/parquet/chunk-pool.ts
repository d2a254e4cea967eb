/**
 * Chunk writers of files that were closed, for those that follow: a write into thousands of Hive folders
 * would leave its arrays to the garbage collector once a folder, and one of many partitions two thirds of
 * all that its threads allocate. Few are kept, and few bytes.
 */
import { isText } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { BoolChunk } from './bool-chunk.ts'
import type { ChunkWriter, Depth } from './chunk-write.ts'
import { TextChunk } from './text-chunk.ts'
import { ValueChunk } from './value-chunk.ts'

const KEPT_MAX = 256
/** Of all together. */
const KEPT_BYTES_MAX = 16 << 20

const idle = new Map<string, ChunkWriter[]>()
let kept = 0
let keptBytes = 0

const keyOf = (kind: Kind, rowsPerPage: number): string => `${rowsPerPage} ${kind.name}`

export function chunkFor(kind: Kind, rowsPerPage: number): ChunkWriter {
  const known = idle.get(keyOf(kind, rowsPerPage))?.pop()
  if (known) {
    kept--
    keptBytes -= known.heldBytes
    return known
  }
  return newChunk(kind, rowsPerPage)
}

/** `depth`: of a nested column's leaf. */
export function newChunk(kind: Kind, rowsPerPage: number, depth: Depth | null = null): ChunkWriter {
  if (kind.tag === 'bool') return new BoolChunk(kind, rowsPerPage, depth)
  return isText(kind)
    ? new TextChunk(kind, rowsPerPage, depth)
    : new ValueChunk(kind, rowsPerPage, depth)
}

/** Writers of `chunkFor`, which are not used by the caller any more. */
export function giveBack(chunks: readonly ChunkWriter[], rowsPerPage: number): void {
  for (const chunk of chunks) {
    const { heldBytes } = chunk
    if (kept >= KEPT_MAX || keptBytes + heldBytes > KEPT_BYTES_MAX) continue
    chunk.reset()
    const key = keyOf(chunk.kind, rowsPerPage)
    const list = idle.get(key)
    if (list) list.push(chunk)
    else idle.set(key, [chunk])
    kept++
    keptBytes += chunk.heldBytes
  }
}
