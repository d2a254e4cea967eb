/**
 * Where finished blocks go: into the arena while it has room, else to a file. Which of the two
 * depends on what other threads hold, so nothing but the handle may differ between them.
 */
import type { AnySchema } from '../../data/schema.ts'
import type { Arena } from './arena.ts'
import { type Block, type BlockHandle, encodeBlock, layOut } from './block.ts'
import { Scratch } from './scratch.ts'
import { free, SharedPages } from './shared-pages.ts'
import type { SpillFile } from './spill-file.ts'
import { withEntries } from './standalone.ts'

export class BlockStore {
  readonly #arena: Arena | null
  readonly #pages: SharedPages | null
  #file: SpillFile
  #spare = new ArrayBuffer(0)
  readonly #scratch = new Scratch()

  /** `arena` null: all blocks go to the file. */
  constructor(arena: Arena | null, file: SpillFile) {
    this.#arena = arena
    this.#pages = arena && new SharedPages(arena)
    this.#file = file
  }

  /** Keeps a block. Throws resource: there is no memory and the disk refuses it. */
  put(schema: AnySchema, block: Block): BlockHandle {
    const handle = this.#arena === null ? null : this.#toArena(this.#arena, schema, block)
    if (handle !== null) return handle
    block = withEntries(block, this.#scratch)
    const words = layOut(schema, block)
    const bytes = words[3] as number
    if (this.#spare.byteLength < bytes) this.#spare = new ArrayBuffer(bytes)
    encodeBlock(schema, block, words, { buffer: this.#spare, offset: 0 })
    return this.#file.append(new Uint8Array(this.#spare, 0, bytes), block.rows)
  }

  /** Null: there is no room. */
  #toArena(arena: Arena, schema: AnySchema, block: Block): BlockHandle | null {
    const words = layOut(schema, block)
    const bytes = words[3] as number
    const place = this.#pages?.place(bytes) ?? { offset: arena.allocate(bytes) }
    if (place.offset < 0) return null
    encodeBlock(schema, block, words, { buffer: arena.buffer, offset: place.offset })
    return { where: 'arena', ...place, bytes, rows: block.rows }
  }

  /** Blocks that follow go to another file. */
  moveTo(file: SpillFile): void {
    this.#file = file
  }

  /** Gives the arena's pages of these blocks back. */
  free(handles: Iterable<BlockHandle>): void {
    for (const handle of handles) free(handle, this.#arena)
  }

  /** No more blocks will come: closes the file and drops working memory. */
  close(): void {
    this.#file.close()
    this.#pages?.close()
    this.#spare = new ArrayBuffer(0)
  }
}
