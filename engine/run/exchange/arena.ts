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
 * | 16 …               | one bit a page, 1 where it is in use                |
 *
 * After the bits a word a page: who took it last. A thread that dies cannot give back what it took, nor
 * the lock that it held: `reclaim` does both for it, by this word.
 *
 * The pages follow, at the next multiple of the page's size. A bit array of 16 KB pages, not 64 KB:
 * each task leaves one part-filled block a partition, and a page is the least that it takes.
 */
import { Fault } from '../../fault.ts'

export const PAGE_BYTES = 16 * 1024
const [LOCK, PAGES, USED, PEAK, LOWEST, BITMAP] = [0, 1, 2, 3, 4, 16]
const SPINS = 200
const WAIT_MS = 1000
const WAITS_MAX = 30
const COORDINATOR = 1

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

  private constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    const pages = new Int32Array(buffer, 0, BITMAP)[PAGES] as number
    const words = wordsBefore(pages)
    this.#words = new Int32Array(buffer, 0, words)
    this.#owners = new Int32Array(buffer, 4 * words, pages)
    this.#pages = pages
    this.#firstPage = headerBytes(pages)
  }

  /**
   * Makes an arena of `bytes`, rounded up to whole pages. Throws resource: the address space is too
   * small.
   */
  static create(bytes: number): Arena {
    const pages = Math.max(1, Math.ceil(bytes / PAGE_BYTES))
    let buffer: SharedArrayBuffer
    try {
      buffer = new SharedArrayBuffer(headerBytes(pages) + pages * PAGE_BYTES)
    } catch (cause) {
      throw new Fault('resource', `${bytes} bytes of shared memory cannot be reserved`, {
        hint: 'give the run less with --memory',
        cause,
      })
    }
    new Int32Array(buffer, 0, BITMAP)[PAGES] = pages
    return new Arena(buffer)
  }

  /** The same arena in another thread, which was handed `buffer`. */
  static attach(buffer: SharedArrayBuffer): Arena {
    return new Arena(buffer)
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
    this.#lock()
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
      this.#unlock()
    }
  }

  /** Gives back what `allocate(bytes)` answered. Throws engine: it is not in use. */
  free(offset: number, bytes: number): void {
    const words = this.#words
    const first = (offset - this.#firstPage) / PAGE_BYTES
    const count = Math.max(1, Math.ceil(bytes / PAGE_BYTES))
    if (!Number.isInteger(first) || first < 0 || first + count > this.#pages)
      throw new Fault('engine', `no block of the arena starts at ${offset}`)
    this.#lock()
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
      this.#unlock()
    }
  }

  /** Gives back all that `owner` took, and the lock where it holds it. Its thread must have ended. */
  reclaim(owner: number): void {
    const words = this.#words
    if (Atomics.load(words, LOCK) >>> 1 !== owner) this.#lock()
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
      this.#unlock()
    }
  }

  #lock(): void {
    const words = this.#words
    const mine = this.owner << 1
    for (let spin = 0; spin < SPINS; spin++)
      if (Atomics.compareExchange(words, LOCK, 0, mine) === 0) return
    for (let waits = 0; ; ) {
      const held = Atomics.load(words, LOCK)
      if (held === 0) {
        // Others may wait, too.
        if (Atomics.compareExchange(words, LOCK, 0, mine | 1) === 0) return
      } else if ((held & 1) === 0) Atomics.compareExchange(words, LOCK, held, held | 1)
      else if (Atomics.wait(words, LOCK, held, WAIT_MS) === 'timed-out' && ++waits === WAITS_MAX)
        throw new Fault('engine', 'the arena is locked by a thread that is gone')
    }
  }

  #unlock(): void {
    if ((Atomics.exchange(this.#words, LOCK, 0) & 1) === 1) Atomics.notify(this.#words, LOCK, 1)
  }
}

const wordsBefore = (pages: number): number => BITMAP + (pages >>> 5) + 1
const headerBytes = (pages: number): number =>
  Math.ceil((4 * (wordsBefore(pages) + pages)) / PAGE_BYTES) * PAGE_BYTES

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
