/**
 * Blocks that leave memory must be read without the dictionaries that threads share while they run:
 * their columns get entries of their own, as they would have had without (`block.ts`).
 */
import { isText } from '../../data/column.ts'
import type { AnySchema } from '../../data/schema.ts'
import type { Arena } from './arena.ts'
import {
  type ArenaBlock,
  type Block,
  type BlockColumn,
  encodeBlock,
  isShared,
  layOut,
  viewBlock,
} from './block.ts'
import { renumbered } from './renumber.ts'
import type { Scratch } from './scratch.ts'

/** The block with entries of its own for all text; codes are renumbered in place. */
export function withEntries(block: Block, scratch: Scratch): Block {
  if (!block.columns.some(c => c.entries !== null && isShared(c.entries))) return block
  const columns = block.columns.map((column, j): BlockColumn => {
    const { entries, valid } = column
    if (entries === null || !isShared(entries)) return column
    const codes = column.values as Int32Array
    const { pool } = entries
    return {
      ...column,
      entries: renumbered(codes, valid, block.rows, { pool, scratch, column: j }),
    }
  })
  return { rows: block.rows, columns }
}

/** The bytes of a block of the arena in the form that can be read anywhere. A copy. */
export function standalone(
  schema: AnySchema,
  handle: ArenaBlock,
  { arena, scratch }: { arena: Arena; scratch: Scratch },
): Uint8Array<ArrayBuffer> {
  const batch = viewBlock(schema, arena.buffer, handle.offset, id => arena.pool(id))
  const columns = schema.list.map(({ kind }, j): BlockColumn => {
    const { values, valid, pool } = batch.columns[j] as NonNullable<(typeof batch.columns)[number]>
    if (!isText(kind) || pool === null) return { values, valid, entries: null }
    const shared = pool.dictionary >= 0
    const count = shared ? pool.dictionary : pool.count
    // Codes that are renumbered in place are no longer the arena's.
    const own = shared ? values.slice() : values
    return { values: own, valid, entries: { pool, used: null, count } }
  })
  const block = withEntries({ rows: batch.rows, columns }, scratch)
  const words = layOut(schema, block)
  const bytes = new Uint8Array(words[3] as number)
  encodeBlock(schema, block, words, { buffer: bytes.buffer, offset: 0 })
  return bytes
}
