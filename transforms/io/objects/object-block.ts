/** A part of an object on its way, and the room that such parts share. */
import { FIRST_BYTES, headOf } from './object-heads.ts'
import type { Sum } from './object-sum.ts'
import { readerOf } from './reader-of.ts'
import type { StoredObject } from './store.ts'

/** Of a stream, under way ahead of its reader. */
export const BLOCKS_AHEAD = 4
/** Handed over at once: as much as a socket gives. */
const TAKEN_BYTES = 64 << 10

/** Whether a block that begins here is the object's first bytes. */
export const isHead = (start: number): boolean => start < FIRST_BYTES

/** Room for blocks that nobody reads any more: what sockets gave is copied there and let go of at once. */
const rooms: Buffer[] = []

function roomOf(bytes: number): Buffer {
  const kept = rooms.findIndex(room => room.length >= bytes)
  return kept < 0 ? Buffer.allocUnsafeSlow(bytes) : (rooms.splice(kept, 1)[0] as Buffer)
}

/** The largest are kept. */
function giveBack(room: Buffer): void {
  rooms.push(room)
  rooms.sort((a, b) => a.length - b.length)
  if (rooms.length > BLOCKS_AHEAD) rooms.shift()
}

/**
 * A part of the object, as it comes. Its bytes are copied together: a buffer of a socket's that waits to
 * be read outlives two young collections, and only collections of the whole heap free it then, one for
 * every 8 MB.
 */
export class Block {
  readonly #iterator: Promise<AsyncIterator<Uint8Array>>
  readonly #bytes: number
  #room: Buffer | null = null
  #owned = false
  #filled = 0
  #taken = 0
  #ended = false
  #failure: { readonly error: unknown } | null = null
  #wake: (() => void) | null = null

  /** `sum`: of the whole object, also of what lies before the block that begins it. */
  constructor(
    object: StoredObject,
    { start, end, sum }: { start: number; end: number; sum: Sum | null },
  ) {
    this.#bytes = end - start
    this.#iterator = isHead(start)
      ? headOf(object).then(head => {
          sum?.add(head.subarray(0, start))
          return [head.subarray(start)][Symbol.iterator]() as never
        })
      : readerOf(object.uri).then(r => r.read(object, start, end)[Symbol.asyncIterator]())
    void this.#run()
  }

  async #run(): Promise<void> {
    try {
      const iterator = await this.#iterator
      for (;;) {
        const { value, done } = await iterator.next()
        if (done || this.#ended) break
        this.#keep(value)
        this.#wakeUp()
      }
    } catch (error) {
      this.#failure = { error }
    }
    this.#ended = true
    this.#wakeUp()
  }

  #keep(chunk: Uint8Array): void {
    if (chunk.length === this.#bytes) {
      this.#room = chunk as Buffer
    } else {
      if (this.#room === null) {
        this.#room = roomOf(this.#bytes)
        this.#owned = true
      }
      this.#room.set(chunk, this.#filled)
    }
    this.#filled += chunk.length
  }

  #wakeUp(): void {
    this.#wake?.()
    this.#wake = null
  }

  /**
   * The bytes that came since, null at the block's end; `undefined`: none yet. They stay as they are
   * until `release`.
   */
  take(): Uint8Array | null | undefined {
    if (this.#taken < this.#filled) {
      const from = this.#taken
      this.#taken = Math.min(this.#filled, from + TAKEN_BYTES)
      return (this.#room as Buffer).subarray(from, this.#taken)
    }
    if (this.#failure) throw this.#failure.error
    return this.#ended ? null : undefined
  }

  arrived(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }

  /** Its room is another block's. */
  release(): void {
    if (this.#owned) giveBack(this.#room as Buffer)
    this.#owned = false
    this.#room = null
  }

  /** Ends its request. */
  async stop(): Promise<void> {
    this.#ended = true
    this.#filled = this.#taken
    // What fails when it is ended early is of no interest to anyone.
    await this.#iterator.then(i => i.return?.()).catch(() => {})
  }
}
