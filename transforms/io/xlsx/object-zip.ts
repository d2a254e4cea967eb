/**
 * A workbook in an object store: its parts are read by ranges of the version that was listed. A zip file
 * is read in many small steps (its directory name by name, before each part a head of 30 bytes), which
 * are no requests of their own: a small workbook is fetched whole, of a larger one what lies near the
 * step is fetched with it, and kept.
 */
import { Readable } from 'node:stream'
import type { ZipFile } from 'yauzl'
import { bytesOf, isSmall } from '../objects/object-heads.ts'
import type { StoredObject } from '../objects/store.ts'

/** Fetched at once from where a step begins; a longer range is a part, which is not kept. */
const NEAR_BYTES = 64 << 10
/** Fetched at once before the end, where the directory lies. */
const TAIL_BYTES = 256 << 10
/** Of a part, fetched while the one before is read. */
const PIECE_BYTES = 2 << 20
/** Besides the tail. */
const KEPT_MAX = 4

interface Kept {
  readonly at: number
  readonly end: number
  readonly bytes: Promise<Buffer>
}

/** Throws as the store's `read`; what yauzl finds wrong is its own error. */
export async function openObjectZip(object: StoredObject): Promise<ZipFile> {
  const { fromRandomAccessReaderPromise, RandomAccessReader } = await import('yauzl')
  const ranges = new ZipRanges(object)
  class ObjectRanges extends RandomAccessReader {
    override _readStreamForRange(start: number, end: number): Readable {
      return Readable.from(ranges.range(start, end), { objectMode: false })
    }
    override close(done: (error: Error | null) => void): void {
      done(null)
    }
  }
  return fromRandomAccessReaderPromise(new ObjectRanges(), object.bytes, { autoClose: false })
}

/** Its first bytes. */
export const objectHead = (object: StoredObject, bytes: number): Promise<Buffer> =>
  bytesOf(object, 0, Math.min(bytes, object.bytes))

/** Memory: 5 MB of a large workbook, which goes with it. */
class ZipRanges {
  readonly #object: StoredObject
  #tail: Kept | null = null
  #kept: Kept[] = []

  constructor(object: StoredObject) {
    this.#object = object
  }

  /** The bytes of a range in order: first what is kept of it, then what is fetched. */
  async *range(start: number, end: number): AsyncGenerator<Uint8Array> {
    const object = this.#object
    if (isSmall(object)) {
      yield await bytesOf(object, start, end)
      return
    }
    const near = this.#near(start, end)
    if (near !== null) yield (await near.bytes).subarray(start - near.at, end - near.at)
    const from = Math.max(start, near?.end ?? 0)
    let next = this.#piece(from, end)
    for (let at = from; at < end; at += PIECE_BYTES) {
      const piece = next
      next = this.#piece(at + PIECE_BYTES, end)
      yield await piece
    }
  }

  /** None after the end. One that is not waited for may fail. */
  #piece(at: number, end: number): Promise<Buffer> {
    const to = Math.min(end, at + PIECE_BYTES)
    const piece = at < to ? bytesOf(this.#object, at, to) : Promise.resolve(Buffer.alloc(0))
    piece.catch(() => {})
    return piece
  }

  /** What has the range's first byte; of a step fetched where nothing does. */
  #near(start: number, end: number): Kept | null {
    const known = [this.#tail, ...this.#kept].find(k => k && start >= k.at && start < k.end)
    if (known) return known
    const { bytes } = this.#object
    const tail = bytes - TAIL_BYTES
    if (start >= tail) {
      this.#tail = this.#fetched(tail, bytes)
      return this.#tail
    }
    if (end - start > NEAR_BYTES) return null
    const near = this.#fetched(start, start + NEAR_BYTES)
    this.#kept = [near, ...this.#kept.slice(0, KEPT_MAX - 1)]
    return near
  }

  #fetched(at: number, end: number): Kept {
    const bytes = bytesOf(this.#object, at, end)
    const kept: Kept = { at, end, bytes }
    bytes.catch(() => this.#forget(kept))
    return kept
  }

  /** The next who asks tries again. */
  #forget(kept: Kept): void {
    if (this.#tail === kept) this.#tail = null
    this.#kept = this.#kept.filter(k => k !== kept)
  }
}
