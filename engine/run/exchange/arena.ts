/**
 * The arena: one block of shared memory for the whole process, from which exchange blocks are cut.
 * It is a SharedArrayBuffer of the budget's size (the system backs a page when it is first
 * touched), divided into pages that a bitmap accounts for. Any thread allocates and frees runs of
 * pages under one lock, for a few microseconds; nothing waits for the garbage collector.
 *
 * Runs are taken at the lowest address that fits, not after the last one: pages that were touched
 * before are used again, so the process's RSS follows the peak in use and not the budget.
 *
 * | word of the buffer | meaning                                             |
 * |--------------------|-----------------------------------------------------|
 * | 0                  | lock: 0 free, else its holder, doubled; odd where somebody waits |
 * | 1                  | pages in all                                        |
 * | 2, 3               | pages in use now, and at most so far                |
 * | 4                  | no page below this one is free                      |
 * | 5, 6               | dictionaries, entries that each may have            |
 * | 7, 8               | KB that they may take, and take, all together       |
 * | 16 …               | one bit a page, 1 where it is in use                |
 *
 * After the bits a word a page: who took it last. A thread that dies cannot give back what it took, nor
 * the lock that it held: `reclaim` does both for it, by this word.
 *
 * The pages follow, at the next multiple of the page's size. A bit array of 16 KB pages, not 64 KB:
 * each task leaves one part-filled block a partition, and a page is the least that it takes. Behind
 * the pages lie the dictionaries (`dictionary.ts`).
 */
import type { Pool } from '../../data/pool.ts'
import { Fault } from '../../fault.ts'
import { Dictionary, dictionaryBytes } from './dictionary.ts'
import { SharedLock } from './lock.ts'

export const PAGE_BYTES = 16 * 1024
const [LOCK, PAGES, USED, PEAK, LOWEST, BITMAP] = [0, 1, 2, 3, 4, 16]
const COORDINATOR = 1
const [DICTIONARIES, ENTRIES_MAX, DICTIONARY_KB_MAX, DICTIONARY_KB] = [5, 6, 7, 8]

export interface DictionaryLimits {
  /** How many dictionaries there are. */
  readonly count: number
  readonly entriesMax: number
  /** Of all dictionaries together. */
  readonly bytesMax: number
}

export class Arena {
  /** All of it; offsets that `allocate` answers are positions in this buffer. */
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array
  /** By page, who took it last. */
  readonly #owners: Int32Array
  readonly #pages: number
  readonly #firstPage: number
  /** For whom this thread takes pages: an attempt at a task, each with a number of its own below 2^30. */
  owner = COORDINATOR
  readonly #lock: SharedLock
  readonly #dictionaries: Dictionary[] = []

  private constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    const pages = new Int32Array(buffer, 0, BITMAP)[PAGES] as number
    const words = wordsBefore(pages)
    this.#words = new Int32Array(buffer, 0, words)
    this.#owners = new Int32Array(buffer, 4 * words, pages)
    this.#pages = pages
    this.#firstPage = headerBytes(pages)
    this.#lock = new SharedLock(this.#words, LOCK, { name: 'the arena', holder: this })
  }

  /**
   * Makes an arena of `bytes`, rounded up to whole pages. Throws resource: the address space is too
   * small.
   */
  static create(bytes: number, dictionaries?: DictionaryLimits): Arena {
    const pages = Math.max(1, Math.ceil(bytes / PAGE_BYTES))
    const { count = 0, entriesMax = 0, bytesMax = 0 } = dictionaries ?? {}
    let buffer: SharedArrayBuffer
    try {
      const behind = count * strideOf(entriesMax)
      buffer = new SharedArrayBuffer(headerBytes(pages) + pages * PAGE_BYTES + behind)
    } catch (cause) {
      throw new Fault('resource', `${bytes} bytes of shared memory cannot be reserved`, {
        hint: 'give the run less with --memory',
        cause,
      })
    }
    const words = new Int32Array(buffer, 0, BITMAP)
    words[PAGES] = pages
    words[DICTIONARIES] = count
    words[ENTRIES_MAX] = entriesMax
    words[DICTIONARY_KB_MAX] = bytesMax >>> 10
    return new Arena(buffer)
  }

  /** The same arena in another thread, which was handed `buffer`. */
  static attach(buffer: SharedArrayBuffer): Arena {
    return new Arena(buffer)
  }

  /** The dictionary of that number, as this thread sees it; null: there are not so many. */
  dictionary(id: number): Dictionary | null {
    const words = this.#words
    if (id >= (words[DICTIONARIES] as number)) return null
    const known = this.#dictionaries[id]
    if (known !== undefined) return known
    const entriesMax = words[ENTRIES_MAX] as number
    const offset = this.#firstPage + this.capacity + id * strideOf(entriesMax)
    const allow = (bytes: number): boolean => {
      const kilobytes = bytes >>> 10
      const taken = Atomics.add(words, DICTIONARY_KB, kilobytes) + kilobytes
      if (taken <= (words[DICTIONARY_KB_MAX] as number)) return true
      Atomics.sub(words, DICTIONARY_KB, kilobytes)
      return false
    }
    const made = new Dictionary(
      { id, buffer: this.buffer, offset, entriesMax, holder: this },
      allow,
    )
    this.#dictionaries[id] = made
    return made
  }

  /** A dictionary's entries so far, for readers. Throws engine: there is none of that number. */
  pool(id: number): Pool {
    const dictionary = this.dictionary(id)
    if (dictionary === null) throw new Fault('engine', `the arena has no dictionary ${id}`)
    return dictionary.refresh()
  }

  /** Bytes that can be allocated in all. */
  get capacity(): number {
    return this.#pages * PAGE_BYTES
  }
  /** Bytes of the pages in use, by all threads. */
  get used(): number {
    return Atomics.load(this.#words, USED) * PAGE_BYTES
  }
  /** The most that was in use so far. */
  get peak(): number {
    return Atomics.load(this.#words, PEAK) * PAGE_BYTES
  }

  /**
   * Takes a run of pages that holds `bytes`, 8-byte aligned. -1: there is none, the caller spills.
   */
  allocate(bytes: number): number {
    const words = this.#words
    const count = Math.max(1, Math.ceil(bytes / PAGE_BYTES))
    if (count > this.#pages - Atomics.load(words, USED)) return -1
    this.#lock.acquire()
    try {
      const first = findRun(words, words[LOWEST] as number, this.#pages, count)
      if (first < 0) return -1
      // Before the bits: a page in use always has the right owner, wherever its thread may die.
      this.#owners.fill(this.owner, first, first + count)
      for (let page = first; page < first + count; page++) {
        const word = BITMAP + (page >>> 5)
        words[word] = (words[word] as number) | (1 << (page & 31))
      }
      if (first === words[LOWEST]) words[LOWEST] = first + count
      const used = Atomics.add(words, USED, count) + count
      if (used > (words[PEAK] as number)) Atomics.store(words, PEAK, used)
      return this.#firstPage + first * PAGE_BYTES
    } finally {
      this.#lock.release()
    }
  }

  /** Gives back what `allocate(bytes)` answered. Throws engine: it is not in use. */
  free(offset: number, bytes: number): void {
    const words = this.#words
    const first = (offset - this.#firstPage) / PAGE_BYTES
    const count = Math.max(1, Math.ceil(bytes / PAGE_BYTES))
    if (!Number.isInteger(first) || first < 0 || first + count > this.#pages)
      throw new Fault('engine', `no block of the arena starts at ${offset}`)
    this.#lock.acquire()
    try {
      for (let page = first; page < first + count; page++)
        if ((((words[BITMAP + (page >>> 5)] as number) >>> (page & 31)) & 1) === 0)
          throw new Fault('engine', `block at ${offset} of the arena was freed twice`)
      for (let page = first; page < first + count; page++) {
        const word = BITMAP + (page >>> 5)
        words[word] = (words[word] as number) & ~(1 << (page & 31))
      }
      if (first < (words[LOWEST] as number)) words[LOWEST] = first
      Atomics.sub(words, USED, count)
    } finally {
      this.#lock.release()
    }
  }

  /** Gives back all that `owner` took, and the locks that it holds. Its thread must have ended. */
  reclaim(owner: number): void {
    const words = this.#words
    if (!this.#lock.heldBy(owner)) this.#lock.acquire()
    try {
      let used = 0
      for (let page = 0; page < this.#pages; page++) {
        const word = BITMAP + (page >>> 5)
        const bit = 1 << (page & 31)
        if (((words[word] as number) & bit) === 0) continue
        if (this.#owners[page] === owner) words[word] = (words[word] as number) & ~bit
        else used++
      }
      // It may have died between a bit and the words that sum them up.
      words[LOWEST] = 0
      Atomics.store(words, USED, used)
    } finally {
      this.#lock.release()
    }
    for (let id = 0; id < (words[DICTIONARIES] as number); id++) this.dictionary(id)?.unlock(owner)
  }
}

const wordsBefore = (pages: number): number => BITMAP + (pages >>> 5) + 1
const headerBytes = (pages: number): number =>
  Math.ceil((4 * (wordsBefore(pages) + pages)) / PAGE_BYTES) * PAGE_BYTES

/** From one dictionary to the next, each on pages of its own. */
const strideOf = (entriesMax: number): number =>
  Math.ceil(dictionaryBytes(entriesMax) / PAGE_BYTES) * PAGE_BYTES

/** First page of `count` free ones in a row, at the lowest address from `page` on; -1: none. */
function findRun(words: Int32Array, page: number, pages: number, count: number): number {
  let run = 0
  while (page < pages) {
    const bits = words[BITMAP + (page >>> 5)] as number
    if ((page & 31) === 0 && bits === -1) {
      run = 0
      page += 32
      continue
    }
    run = ((bits >>> (page & 31)) & 1) === 0 ? run + 1 : 0
    page++
    if (run === count) return page - count
  }
  return -1
}
