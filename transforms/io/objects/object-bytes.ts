/**
 * An object's bytes in order, with blocks of it under way ahead of the reader. The first bytes are kept
 * for a while: that an object is looked at, its header read and then its rows, takes one request.
 *
 * Memory: `BLOCK_BYTES` × `BLOCKS_AHEAD` a stream, or a share of the task's, and `HEADS_MAX` heads a
 * thread, of `HEADS_BYTES_MAX` at most, beside those under way.
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  type ByteStream,
  InflatedBytes,
  type OpenOptions,
  REST_BYTES,
  type Stored,
} from '../files/byte-stream.ts'
import { base64Of, crc32c } from './crc32c.ts'
import { damaged } from './errors.ts'
import { isMd5 } from './etag.ts'
import { readerOf } from './reader-of.ts'
import type { StoredObject } from './store.ts'

const BLOCK_BYTES = 4 << 20
const BLOCK_BYTES_MIN = 256 << 10
/** Of a task's memory. */
const AHEAD_SHARE = 4
const BLOCKS_AHEAD = 4
/** What is read where only the end of a record is wanted. */
const BEYOND_BYTES = 256 << 10
/** What is read of an object at first: of most small ones all. */
export const FIRST_BYTES = 512 << 10
const HEADS_MAX = 64
const HEADS_BYTES_MAX = 8 << 20
/** Handed over at once: as much as a socket gives. */
const TAKEN_BYTES = 64 << 10
/** Bytes handed over before sockets are looked at again. */
const TURN_BYTES = 1 << 20

/** On their way, or there. */
const heads = new Map<string, Promise<Buffer>>()
/** The bytes of those that are there, in the order of their arrival: many are under way at once, and which comes when is open. */
const arrived = new Map<string, number>()
let headBytes = 0

/** The object's first bytes, all of a small object. Kept until others take their room. */
export function headOf(object: StoredObject): Promise<Buffer> {
  const key = keyOf(object)
  const known = heads.get(key)
  if (known) return known
  const bytes = Math.min(FIRST_BYTES, object.bytes)
  const asked = fetched(object, 0, bytes)
  heads.set(key, asked)
  asked.then(
    () => keep(key, bytes),
    // The next who asks tries again.
    () => heads.delete(key),
  )
  return asked
}

const keyOf = ({ uri, version, bytes }: StoredObject): string => `${bytes} ${version} ${uri}`

function keep(key: string, bytes: number): void {
  arrived.set(key, bytes)
  headBytes += bytes
  for (const [old, oldBytes] of arrived) {
    if ((arrived.size <= HEADS_MAX && headBytes <= HEADS_BYTES_MAX) || old === key) return
    arrived.delete(old)
    heads.delete(old)
    headBytes -= oldBytes
  }
}

/** Whether an object's first bytes are all that it has. */
export const isSmall = (object: StoredObject): boolean => object.bytes <= FIRST_BYTES

/** A range as one buffer, which may be a part of one that is kept. */
export async function bytesOf(object: StoredObject, start: number, end: number): Promise<Buffer> {
  if (isSmall(object)) return (await headOf(object)).subarray(start, end)
  return fetched(object, start, end)
}

async function fetched(object: StoredObject, start: number, end: number): Promise<Buffer> {
  const whole = Buffer.allocUnsafeSlow(end - start)
  let at = 0
  const reader = await readerOf(object.uri)
  for await (const chunk of reader.read(object, start, end)) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

/** `until`: where our part ends; bytes beyond are read as they are asked for. */
export function openObject(
  object: StoredObject,
  o: OpenOptions & { readonly until: number; readonly memoryBytes?: number | undefined },
): ByteStream {
  if (o.compression === 'none') return new ObjectBytes(object, o)
  return new InflatedBytes(storedObject(object, o), o.compression, o.ratioMax)
}

function storedObject(object: StoredObject, o: Parameters<typeof openObject>[1]): Stored {
  const bytes = new ObjectBytes(object, { ...o, until: o.until === 0 ? 0 : object.bytes })
  return {
    path: object.uri,
    stream: Readable.from(bytes.chunks(), { objectMode: false, highWaterMark: 1 }),
    get bytesRead() {
      return bytes.stored
    },
    rest: async at => {
      const end = Math.min(object.bytes, at + REST_BYTES)
      return at < end ? bytesOf(object, at, end) : Buffer.alloc(0)
    },
  }
}

const isHead = (start: number): boolean => start < FIRST_BYTES

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
class Block {
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

interface Ahead {
  readonly from: number
  readonly until: number
  readonly memoryBytes?: number | undefined
}

export class ObjectBytes implements ByteStream {
  readonly #object: StoredObject
  readonly #until: number
  readonly #blockBytes: number
  readonly #sum: Sum | null
  /** In order, the first being read. */
  readonly #blocks: Block[] = []
  /** Where the next block begins, and the next chunk. */
  #next: number
  #at: number
  #chunk: Uint8Array | null = null
  #used = 0
  #turn = 0
  /** Whether chunks are passed on as they are. */
  #passedOn = false
  stored = 0

  constructor(object: StoredObject, o: Ahead) {
    const { from, until, memoryBytes = Number.POSITIVE_INFINITY } = o
    const share = Math.floor(memoryBytes / AHEAD_SHARE / BLOCKS_AHEAD)
    this.#blockBytes = Math.max(BLOCK_BYTES_MIN, Math.min(BLOCK_BYTES, share))
    this.#object = object
    this.#next = from
    this.#at = from
    this.#until = Math.min(until, object.bytes)
    const whole = isHead(from) && this.#until === object.bytes
    this.#sum = whole ? sumOf(object) : null
    this.#ahead()
  }

  #ahead(): void {
    const { bytes } = this.#object
    while (this.#blocks.length < BLOCKS_AHEAD && this.#next < this.#until) this.#start(this.#until)
    if (this.#blocks.length === 0 && this.#next < bytes)
      this.#start(Math.min(bytes, this.#next + BEYOND_BYTES))
  }

  #start(most: number): void {
    const start = this.#next
    const object = this.#object
    this.#next = isHead(start)
      ? Math.min(object.bytes, FIRST_BYTES)
      : Math.min(most, start + this.#blockBytes)
    this.#blocks.push(new Block(object, { start, end: this.#next, sum: this.#sum }))
  }

  read(into: Buffer, offset: number, length: number): number | Promise<number> {
    const chunk = this.#chunk ?? this.#take()
    if (chunk instanceof Promise) return chunk.then(() => this.read(into, offset, length))
    if (chunk === null) return 0
    const count = Math.min(length, chunk.length - this.#used)
    into.set(chunk.subarray(this.#used, this.#used + count), offset)
    this.#used += count
    this.stored += count
    if (this.#used === chunk.length) this.#chunk = null
    return count
  }

  /** The bytes as they come, for a stream. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    this.#passedOn = true
    try {
      for (;;) {
        const chunk = this.#take()
        if (chunk === null) return
        if (chunk instanceof Promise) await chunk
        else {
          this.#chunk = null
          this.stored += chunk.length
          yield chunk
        }
      }
    } finally {
      this.close()
    }
  }

  /** The next chunk; null at the object's end; a promise: to be asked again. */
  #take(): Uint8Array | null | Promise<unknown> {
    // Reading goes on without an end of its own while blocks are there: sockets get their turn.
    if (this.#turn >= TURN_BYTES) {
      this.#turn = 0
      return new Promise(setImmediate)
    }
    for (;;) {
      const [block] = this.#blocks
      if (block === undefined) return null
      const chunk = block.take()
      if (chunk === undefined) return block.arrived()
      if (chunk !== null) {
        this.#chunk = chunk
        this.#used = 0
        this.#turn += chunk.length
        this.#at += chunk.length
        this.#sum?.add(chunk)
        if (this.#at === this.#object.bytes) this.#sum?.check()
        return chunk
      }
      this.#blocks.shift()
      if (!this.#passedOn) block.release()
      this.#ahead()
    }
  }

  close(): void {
    for (const block of this.#blocks.splice(0)) {
      void block.stop()
      if (!this.#passedOn) block.release()
    }
    this.#chunk = null
    this.#next = this.#object.bytes
  }
}

interface Sum {
  add(chunk: Uint8Array): void
  /** Throws data: the bytes are not those that the service has a checksum of. */
  check(): void
}

/** Null where the service tells no checksum. */
function sumOf({ uri, checksum }: StoredObject): Sum | null {
  if (checksum === undefined) return null
  const { add, digest } = checksum.of === 'md5' ? md5() : castagnoli()
  return {
    add,
    check() {
      const found = digest()
      if (found === checksum.value || !isMd5(uri)) return
      throw damaged(uri, `its ${checksum.of} is ${found}, the service says ${checksum.value}`)
    },
  }
}

function md5() {
  const hash = createHash('md5')
  return {
    add: (chunk: Uint8Array) => void hash.update(chunk),
    digest: () => hash.digest('base64'),
  }
}

function castagnoli() {
  let crc = 0
  return {
    add(chunk: Uint8Array) {
      crc = crc32c(chunk, crc)
    },
    digest: () => base64Of(crc),
  }
}
