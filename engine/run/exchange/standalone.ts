/**
 * Blocks that leave memory must be read without the dictionaries that threads share while they run:
 * their columns get entries of their own, as they would have had without (`block.ts`).
 */
import type { Arena } from './arena.ts'
import {
  align,
  type ArenaBlock,
  type Block,
  type BlockColumn,
  copyEntries,
  type Entries,
  entryBytes,
  HEAD,
  isShared,
  PER_COLUMN,
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

/**
 * The bytes of a block of the arena in the form that can be read anywhere; a copy. Columns lie one after
 * the other, so that a column's kind need not be known: what it has is copied, and entries put behind.
 */
export function standalone(
  { offset }: ArenaBlock,
  { arena, scratch }: { arena: Arena; scratch: Scratch },
): Uint8Array<ArrayBuffer> {
  const { buffer } = arena
  const columns = new Int32Array(buffer, offset, HEAD)[2] as number
  const words = new Int32Array(buffer, offset, HEAD + PER_COLUMN * columns).slice()
  const rows = words[1] as number
  const old = words.slice()
  const parts: Uint8Array[] = []
  let at = words.byteLength
  for (let j = 0; j < columns; j++) {
    const word = HEAD + PER_COLUMN * j
    const from = old[word] as number
    const to = (j + 1 < columns ? old[word + PER_COLUMN] : old[3]) as number
    const moved = at - from
    const part = new Uint8Array(buffer, offset + from, to - from).slice()
    for (const w of [word, word + 1, word + 2])
      if (old[w] !== 0) words[w] = (old[w] as number) + moved
    parts.push(part)
    at += part.length
    const number = old[word + 3] as number
    if (old[word + 2] !== 0 || number === 0) continue
    const valid = old[word + 1] === 0 ? null : part.subarray((old[word + 1] as number) - from)
    const codes = new Int32Array(part.buffer, 0, rows)
    const pool = arena.pool(number - 1)
    const entries = bytesOf(
      renumbered(codes, valid, rows, { pool, scratch, column: j }),
      words,
      word,
    )
    words[word + 2] = at
    parts.push(entries)
    at += entries.length
  }
  words[3] = at
  const block = new Uint8Array(at)
  block.set(new Uint8Array(words.buffer))
  let end = words.byteLength
  for (const part of parts) {
    block.set(part, end)
    end += part.length
  }
  return block
}

/** The entries as they stand in a block; how many there are goes to the column's words. */
function bytesOf(entries: Entries, words: Int32Array, word: number): Uint8Array {
  words[word + 3] = entries.count
  const first = align(4 * (entries.count + 1))
  const bytes = new Uint8Array(align(first + entryBytes(entries)))
  const offsets = new Int32Array(bytes.buffer, 0, entries.count + 1)
  copyEntries(entries, offsets, bytes.subarray(first))
  return bytes
}
