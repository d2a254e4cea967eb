/**
 * The reading side of an exchange: blocks, wherever they lie, as a partition of dense batches.
 */
import type { Batch } from '../../data/batch.ts'
import type { AnySchema } from '../../data/schema.ts'
import { Fault } from '../../fault.ts'
import type { Partition } from '../operator.ts'
import type { Arena } from './arena.ts'
import { type BlockHandle, type FileBlock, viewBlock } from './block.ts'
import { free } from './shared-pages.ts'
import { SpillReader } from './spill-file.ts'

/**
 * The blocks as a partition, in the order given. A batch from the arena is a view of it: valid
 * until the next one is asked for, where blocks are released, and until the blocks are freed
 * otherwise. `open`: reads blocks of files that the caller holds open; null for others.
 */
export function partitionOf(
  handles: readonly BlockHandle[],
  arena: Arena | null,
  schema: AnySchema,
  open: (handle: FileBlock) => Uint8Array<ArrayBuffer> | null = () => null,
): Partition {
  let released = false
  return {
    rows: handles.reduce((sum, h) => sum + h.rows, 0),
    bytes: handles.reduce((sum, h) => sum + h.bytes, 0),
    *batches({ release = false } = {}): Iterable<Batch> {
      if (released) throw new Fault('engine', 'a partition was read after its blocks were released')
      released ||= release
      const files = new SpillReader()
      // Blocks not reached are freed too: who stops early will not come back for them.
      let freed = 0
      try {
        for (const handle of handles) {
          yield view(handle, { arena, schema, read: block => open(block) ?? files.read(block) })
          if (!release) continue
          freed++
          free(handle, arena)
        }
      } finally {
        files.close()
        if (release) for (const handle of handles.slice(freed)) free(handle, arena)
      }
    },
  }
}

interface Reading {
  readonly arena: Arena | null
  readonly schema: AnySchema
  read(handle: FileBlock): Uint8Array<ArrayBuffer>
}

function view(handle: BlockHandle, { arena, schema, read }: Reading): Batch {
  if (handle.where === 'arena') {
    if (arena === null) throw new Fault('engine', 'a block of the arena is read without it')
    return viewBlock(schema, arena.buffer, handle.offset, id => arena.pool(id))
  }
  const bytes = read(handle)
  return viewBlock(schema, bytes.buffer, bytes.byteOffset)
}
