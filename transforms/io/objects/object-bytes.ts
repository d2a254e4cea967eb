/**
 * An object's bytes in order, with blocks of it under way ahead of the reader. Memory: `BLOCK_BYTES` ×
 * `BLOCKS_AHEAD` a stream, or a share of the task's.
 */
import { Readable } from 'node:stream'
import {
  type ByteStream,
  InflatedBytes,
  type OpenOptions,
  REST_BYTES,
  type Stored,
} from '../files/byte-stream.ts'
import { Block, BLOCKS_AHEAD, isHead } from './object-block.ts'
import { bytesOf, FIRST_BYTES } from './object-heads.ts'
import { type Sum, sumOf } from './object-sum.ts'
import type { StoredObject } from './store.ts'

const BLOCK_BYTES = 4 << 20
const BLOCK_BYTES_MIN = 256 << 10
/** Of a task's memory. */
const AHEAD_SHARE = 4
/** What is read where only the end of a record is wanted. */
const BEYOND_BYTES = 256 << 10
/** Bytes handed over before sockets are looked at again. */
const TURN_BYTES = 1 << 20

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
    for (const block of this.#blocks.splice(0)) void block.stop(this.#passedOn)
    this.#chunk = null
    this.#next = this.#object.bytes
  }
}
