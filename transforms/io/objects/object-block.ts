/** A part of an object on its way, and the room that such parts share. */
import { FIRST_BYTES, headOf } from './object-heads.ts'
import type { Sum } from './object-sum.ts'
import { readerOf } from './reader-of.ts'
import type { StoredObject } from './store.ts'

/** Of a stream, under way ahead of its reader. */
export const BLOCKS_AHEAD = 4
/** Handed over at once. */
const TAKEN_BYTES = 64 << 10

/** Whether a block that begins here is the object's first bytes. */
export const isHead = (start: number): boolean => start < FIRST_BYTES

/** Of blocks that nobody reads any more. */
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

/** A part of the object, read while it comes. */
export class Block {
  readonly #reading: Promise<void>
  readonly #ended = new AbortController()
  /** Null until the first bytes are there, where they are those that are kept of the object. */
  #room: Buffer | null = null
  #owned = false
  #filled = 0
  #taken = 0
  #whole = false
  #failure: { readonly error: unknown } | null = null
  #wake: (() => void) | null = null

  /** `sum`: of the whole object, also of what lies before the block that begins it. */
  constructor(
    object: StoredObject,
    { start, end, sum }: { start: number; end: number; sum: Sum | null },
  ) {
    const reading = isHead(start) ? this.#head(object, start, sum) : this.#read(object, start, end)
    this.#reading = reading.then(
      () => {
        this.#whole = true
      },
      error => {
        this.#failure = { error }
      },
    )
    void this.#reading.then(() => this.#wakeUp())
  }

  async #head(object: StoredObject, start: number, sum: Sum | null): Promise<void> {
    const head = await headOf(object)
    sum?.add(head.subarray(0, start))
    this.#room = head.subarray(start)
    this.#filled = this.#room.length
  }

  async #read(object: StoredObject, start: number, end: number): Promise<void> {
    const reader = await readerOf(object.uri)
    const room = roomOf(end - start)
    this.#room = room
    this.#owned = true
    await reader.read(object, start, room.subarray(0, end - start), {
      signal: this.#ended.signal,
      arrived: bytes => {
        this.#filled += bytes
        this.#wakeUp()
      },
    })
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
    return this.#whole ? null : undefined
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

  /** Ends its request, and then lets go of its room, unless its bytes were passed on. */
  async stop(passedOn: boolean): Promise<void> {
    this.#ended.abort()
    await this.#reading
    if (!passedOn) this.release()
  }
}
