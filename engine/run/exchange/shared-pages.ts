/**
 * Pages of the arena that small blocks share. A task of an aggregate leaves a few rows for each of many
 * partitions: with a page each, 112 tasks by 128 partitions held 90 MB for 8 MB of rows. The page's first
 * word counts the blocks in it that are not freed yet, and its writer while there may come more; who
 * takes the last one off frees the page.
 */
import { Fault } from '../../fault.ts'
import { type Arena, PAGE_BYTES } from './arena.ts'
import { align, type BlockHandle } from './block.ts'

/** A block of more bytes has pages of its own. */
const SMALL_BYTES = PAGE_BYTES / 4
const HEAD_BYTES = 8

export class SharedPages {
  readonly #arena: Arena
  /** -1: none. */
  #page = -1
  #next = 0

  constructor(arena: Arena) {
    this.#arena = arena
  }

  /** Room for a block; null: it is none for these pages, or there is no page. */
  place(bytes: number): { readonly offset: number; readonly page: number } | null {
    if (bytes > SMALL_BYTES) return null
    if (this.#page < 0 || this.#next + bytes > PAGE_BYTES) {
      this.close()
      const page = this.#arena.allocate(PAGE_BYTES)
      if (page < 0) return null
      this.#page = page
      this.#next = HEAD_BYTES
      Atomics.store(countOf(this.#arena, page), 0, 1)
    }
    const page = this.#page
    const offset = page + this.#next
    this.#next += align(bytes)
    Atomics.add(countOf(this.#arena, page), 0, 1)
    return { offset, page }
  }

  /** No more blocks will come to the page at hand. */
  close(): void {
    if (this.#page >= 0) takeOff(this.#arena, this.#page)
    this.#page = -1
  }
}

/** Gives a block's pages back, or its part in one; blocks in files go with their file. */
export function free(handle: BlockHandle, arena: Arena | null): void {
  if (handle.where !== 'arena' || arena === null) return
  if (handle.page === undefined) arena.free(handle.offset, handle.bytes)
  else takeOff(arena, handle.page)
}

function takeOff(arena: Arena, page: number): void {
  const before = Atomics.sub(countOf(arena, page), 0, 1)
  if (before < 1) throw new Fault('engine', `a block of page ${page} was freed twice`)
  if (before === 1) arena.free(page, PAGE_BYTES)
}

const countOf = (arena: Arena, page: number): Int32Array => new Int32Array(arena.buffer, page, 1)
