/**
 * A block: dense rows of a schema in one region of bytes, the same bytes in the arena and (zstd
 * compressed, see `spill-file.ts`) on disk. Codes of text columns are local to the block: entries
 * are numbered by first appearance and stand in the block, so that it can be read anywhere, and so
 * that its bytes depend on its rows alone and not on the dictionary of the worker that wrote it.
 * Only in the arena a column may go without: its codes are then those of a dictionary that all
 * threads share (`dictionary.ts`); `standalone` makes a block of the other form of it.
 *
 * Little-endian; every part starts at a multiple of 8, the gaps are zeros.
 *
 * | offset      | size          | meaning                                                        |
 * |-------------|---------------|----------------------------------------------------------------|
 * | 0           | 4             | `MRB1`                                                         |
 * | 4           | 4             | rows                                                           |
 * | 8           | 4             | columns, n                                                     |
 * | 12          | 4             | bytes in all                                                   |
 * | 16 + 16 j   | 4             | column j: offset of its values                                 |
 * | 20 + 16 j   | 4             | offset of its validity, 0 where no row is null                 |
 * | 24 + 16 j   | 4             | offset of its entries, 0 where there are none                  |
 * | 28 + 16 j   | 4             | how many entries, e; without: 1 + its dictionary's number      |
 * | values      | rows × width  | as in a column (`engine/data/column.ts`)                       |
 * | validity    | rows          | 1 where there is a value                                       |
 * | entries     | 4 (e + 1)     | where each entry starts in the bytes that follow, and the end  |
 * | …           | the last of these | the entries' bytes, at the next multiple of 8              |
 *
 * Example: a utf8? column with the rows "ab", null, "ab" takes 72 bytes: MRB1, 3, 1, 72 · 32, 48,
 * 56, 1 · values at 32: 0, 0, 0 · validity at 48: 1, 0, 1 · entries at 56: 0, 2 · bytes at 64: ab,
 * then zeros.
 */
import { type Batch, dense } from '../../data/batch.ts'
import {
  bytesPerRow,
  type Column,
  isText,
  lanes,
  type Values,
  valuesOver,
} from '../../data/column.ts'
import { Pool } from '../../data/pool.ts'
import type { AnySchema } from '../../data/schema.ts'
import { Fault } from '../../fault.ts'

/** Where a block lies: plain data that crosses threads. */
export type BlockHandle = ArenaBlock | FileBlock
interface Extent {
  readonly rows: number
  /** Uncompressed. */
  readonly bytes: number
}
export interface ArenaBlock extends Extent {
  readonly where: 'arena'
  readonly offset: number
  /** Of the page that it shares with others; else its pages are its own. */
  readonly page?: number
}
export interface FileBlock extends Extent {
  readonly where: 'file'
  readonly path: string
  readonly position: number
  /** Compressed, with the record's head. */
  readonly storedBytes: number
}

/** Rows ready to be encoded: codes of text columns are block-local already. */
export interface Block {
  readonly rows: number
  readonly columns: readonly BlockColumn[]
}
export interface BlockColumn {
  readonly values: Values
  readonly valid: Uint8Array | null
  readonly entries: Entries | null
}
/**
 * The entries of a text column, in order: those of `pool` at `used`, or its first `count`. Where the
 * pool is a dictionary that threads share there are none: `count` is 1 + its number, codes are its own.
 */
export interface Entries {
  readonly pool: Pool
  readonly used: Int32Array | null
  readonly count: number
}

export const isShared = ({ pool, used }: Entries): boolean => pool.dictionary >= 0 && used === null

const MAGIC = 0x3142524d
export const HEAD = 4
export const PER_COLUMN = 4
export const align = (bytes: number): number => (bytes + 7) & ~7

/** The words at the start of the block, which say where everything is; word 3 is its size. */
export function layOut(schema: AnySchema, block: Block): Int32Array {
  const { rows, columns } = block
  const words = new Int32Array(HEAD + PER_COLUMN * columns.length)
  let at = words.length * 4
  columns.forEach(({ valid, entries }, j) => {
    const word = HEAD + PER_COLUMN * j
    words[word] = at
    at = align(at + rows * bytesPerRow(kindAt(schema, j)))
    if (valid !== null) {
      words[word + 1] = at
      at = align(at + rows)
    }
    if (entries === null) return
    if (isShared(entries)) {
      words[word + 3] = entries.count
      return
    }
    words[word + 2] = at
    words[word + 3] = entries.count
    at = align(align(at + 4 * (entries.count + 1)) + entryBytes(entries))
  })
  if (at > 0x7fffffff) throw new Fault('resource', 'one block of rows takes more than 2 GB')
  words.set([MAGIC, rows, columns.length, at])
  return words
}

/** Writes the block at `offset`, as `layOut` planned it. */
export function encodeBlock(
  schema: AnySchema,
  block: Block,
  words: Int32Array,
  target: { buffer: ArrayBuffer | SharedArrayBuffer; offset: number },
): void {
  const { buffer, offset } = target
  const { rows } = block
  // Every part's last 8 bytes are cleared before parts are written: what is no gap is overwritten.
  const clearBefore = (at: number) => new Int32Array(buffer, offset + at - 8, 2).fill(0)
  clearBefore(words[3] as number)
  for (let word = HEAD; word < words.length; word++)
    if (word % PER_COLUMN !== 3 && words[word] !== 0) clearBefore(words[word] as number)
  new Int32Array(buffer, offset, words.length).set(words)
  block.columns.forEach(({ values, valid, entries }, j) => {
    const word = HEAD + PER_COLUMN * j
    const kind = kindAt(schema, j)
    const to = valuesOver(kind, buffer, offset + (words[word] as number), rows)
    // Both sides are the kind's own typed array; their union has no common `set`.
    ;(to as Float64Array).set(values.subarray(0, rows * lanes(kind)) as Float64Array)
    if (valid !== null)
      new Uint8Array(buffer, offset + (words[word + 1] as number), rows).set(
        valid.subarray(0, rows),
      )
    if (entries === null || isShared(entries)) return
    const offsets = new Int32Array(buffer, offset + (words[word + 2] as number), entries.count + 1)
    const start = offsets.byteOffset + align(offsets.byteLength)
    clearBefore(start - offset)
    copyEntries(
      entries,
      offsets,
      new Uint8Array(buffer, start, offset + (words[3] as number) - start),
    )
  })
}

/**
 * A batch over the block's bytes: views, nothing is copied. `shared` answers dictionaries by number.
 * Throws engine: these are no such block.
 */
export function viewBlock(
  schema: AnySchema,
  buffer: ArrayBuffer | SharedArrayBuffer,
  offset: number,
  shared: (dictionary: number) => Pool = noDictionary,
): Batch {
  const words = new Int32Array(buffer, offset, HEAD + PER_COLUMN * schema.list.length)
  const rows = words[1] as number
  if (words[0] !== MAGIC || words[2] !== schema.list.length)
    throw new Fault('engine', `no block of ${schema.list.length} columns lies at ${offset}`)
  const columns = schema.list.map(({ kind }, j): Column => {
    const word = HEAD + PER_COLUMN * j
    const valid = words[word + 1] as number
    return {
      kind,
      values: valuesOver(kind, buffer, offset + (words[word] as number), rows),
      valid: valid === 0 ? null : new Uint8Array(buffer, offset + valid, rows),
      pool: isText(kind) ? poolAt(word) : null,
    }
  })
  return dense(schema, columns, rows)

  function poolAt(word: number): Pool {
    const [entries, count] = [words[word + 2] as number, words[word + 3] as number]
    return entries === 0 ? shared(count - 1) : poolOver(buffer, offset + entries, count)
  }
}

function noDictionary(dictionary: number): Pool {
  throw new Fault('engine', `a block refers to dictionary ${dictionary}, which is not at hand`)
}

function poolOver(buffer: ArrayBuffer | SharedArrayBuffer, start: number, count: number): Pool {
  const offsets = new Int32Array(buffer, start, count + 1)
  const bytes = new Uint8Array(buffer, start + align(offsets.byteLength), offsets[count] as number)
  return Pool.over(bytes, offsets, count)
}

const kindAt = (schema: AnySchema, j: number) => (schema.list[j] as AnySchema['list'][number]).kind

export function entryBytes({ pool, used, count }: Entries): number {
  const { offsets } = pool
  if (used === null) return offsets[count] as number
  let bytes = 0
  for (let e = 0; e < count; e++) {
    const code = used[e] as number
    bytes += (offsets[code + 1] as number) - (offsets[code] as number)
  }
  return bytes
}

export function copyEntries(
  { pool, used, count }: Entries,
  offsets: Int32Array,
  bytes: Uint8Array,
): void {
  if (used !== null) gatherEntries(pool.bytes, pool.offsets, used, count, offsets, bytes)
  else {
    offsets.set(pool.offsets.subarray(0, count + 1))
    bytes.set(pool.bytes.subarray(0, pool.offsets[count]))
  }
}

/** From this many bytes on, `set` and the view that it needs beat a loop. */
const LONG = 128

/**
 * Copies entry used[e] to place e; entries that follow each other in the source go in one piece.
 * Four bytes at a time through DataViews: half the time of a loop over bytes, a quarter of a `set`
 * each.
 */
function gatherEntries(
  source: Uint8Array,
  starts: Int32Array,
  used: Int32Array,
  count: number,
  offsets: Int32Array,
  bytes: Uint8Array,
): void {
  const from = new DataView(source.buffer, source.byteOffset, source.byteLength)
  const into = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let to = 0
  offsets[0] = 0
  for (let e = 0; e < count; ) {
    let code = used[e] as number
    let i = starts[code] as number
    let at = to
    let end = i
    do {
      const next = starts[++code] as number
      to += next - end
      end = next
      offsets[++e] = to
    } while (e < count && used[e] === code)
    if (end - i >= LONG) bytes.set(source.subarray(i, end), at)
    else {
      for (; i + 4 <= end; i += 4, at += 4) into.setInt32(at, from.getInt32(i, true), true)
      while (i < end) bytes[at++] = source[i++] as number
    }
  }
}
