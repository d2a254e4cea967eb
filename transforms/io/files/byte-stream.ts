/** A file's (decompressed) bytes, in order. */
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import type { Readable, Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { Fault } from '../../../engine/fault.ts'
import { type Compression, unreadable } from './compression.ts'

export interface ByteStream {
  /** Reads up to `length` bytes into `into`; 0 at the end. */
  read(into: Buffer, offset: number, length: number): number | Promise<number>
  /** Stored bytes read so far. */
  readonly stored: number
  close(): void
}

/** To how many times its size a compressed file may grow. Text that repeats itself reaches 100, gzip at most 1,032. */
export const INFLATE_RATIO_MAX = 500
/** What any file may grow to. */
const INFLATED_FREE = 256 * 2 ** 20

export interface OpenOptions {
  readonly compression: Compression
  /** The first byte; of a compressed file always 0. */
  readonly from: number
  /** To how many times its size a compressed file may grow. */
  readonly ratioMax: number
}

export function openBytes(path: string, o: OpenOptions): ByteStream {
  return o.compression === 'none'
    ? new FileBytes(path, o.from)
    : new InflatedBytes(storedIn(path), o.compression, o.ratioMax)
}

/** A compressed file as it is stored. */
export interface Stored {
  /** A path or URI, safe to show. */
  readonly path: string
  readonly stream: Readable
  /** What the stream has read. */
  readonly bytesRead: number
  /** Some bytes from `at` on; none where the file ends there. */
  rest(at: number): Buffer | Promise<Buffer>
}

function storedIn(path: string): Stored {
  const stream = createReadStream(path, { highWaterMark: CHUNK })
  return {
    path,
    stream,
    get bytesRead() {
      return stream.bytesRead
    },
    rest: at => restOf(path, at),
  }
}

function restOf(path: string, at: number): Buffer {
  const file = openSync(path, 'r')
  try {
    if (at >= fstatSync(file).size) return Buffer.alloc(0)
    const rest = Buffer.alloc(REST_BYTES)
    return rest.subarray(0, readSync(file, rest, 0, rest.length, at))
  } finally {
    closeSync(file)
  }
}

class FileBytes implements ByteStream {
  readonly #path: string
  readonly #file: number
  readonly #size: number
  #at: number
  stored = 0

  constructor(path: string, from: number) {
    this.#path = path
    this.#at = from
    try {
      this.#file = openSync(path, 'r')
    } catch (cause) {
      throw unreadable(path, cause)
    }
    this.#size = fstatSync(this.#file).size
  }

  read(into: Buffer, offset: number, length: number): number {
    let count = 0
    try {
      count = readSync(this.#file, into, offset, length, this.#at)
    } catch (cause) {
      throw unreadable(this.#path, cause)
    }
    if (count === 0 && this.#at < this.#size)
      throw new Fault('resource', `${this.#path} became shorter while it was read`)
    this.#at += count
    this.stored += count
    return count
  }

  close(): void {
    closeSync(this.#file)
  }
}

const CHUNK = 256 * 1024
/** What is looked at behind a stream's end. */
export const REST_BYTES = 64 * 1024

/** A compressed file, inflated as it is asked for: Node's streams hold the rest back. */
export class InflatedBytes implements ByteStream {
  readonly #path: string
  readonly #name: string
  readonly #file: Stored
  readonly #inflate: Transform & { bytesWritten: number }
  readonly #chunks: AsyncIterator<Buffer>
  readonly #ratioMax: number
  #chunk: Buffer | null = null
  #used = 0
  #inflated = 0
  #ended = false

  constructor(file: Stored, compression: Exclude<Compression, 'none'>, ratioMax: number) {
    this.#path = file.path
    this.#ratioMax = ratioMax
    this.#name = compression
    this.#file = file
    const inflate =
      compression === 'gzip'
        ? createGunzip({ chunkSize: CHUNK })
        : createZstdDecompress({ chunkSize: CHUNK })
    this.#inflate = inflate as unknown as Transform & { bytesWritten: number }
    const { stream, path } = file
    stream.on('error', error => this.#inflate.destroy(unreadable(path, error)))
    // A failure is told by the read that meets it; without this an early one would be unhandled.
    this.#inflate.on('error', () => {})
    this.#chunks = stream.pipe(this.#inflate)[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  }

  get stored(): number {
    return Math.min(this.#inflate.bytesWritten, this.#file.bytesRead)
  }

  read(into: Buffer, offset: number, length: number): number | Promise<number> {
    if (this.#chunk !== null) return this.#take(into, offset, length)
    return this.#ended ? 0 : this.#next().then(() => this.read(into, offset, length))
  }

  #take(into: Buffer, offset: number, length: number): number {
    const chunk = this.#chunk as Buffer
    const count = Math.min(length, chunk.length - this.#used)
    chunk.copy(into, offset, this.#used, this.#used + count)
    this.#used += count
    if (this.#used === chunk.length) this.#chunk = null
    return count
  }

  async #next(): Promise<void> {
    let step: IteratorResult<Buffer>
    try {
      step = await this.#chunks.next()
    } catch (cause) {
      throw this.#broken(cause)
    }
    if (step.done) {
      this.#ended = true
      await this.#checkEnd()
    } else if (step.value.length > 0) {
      this.#chunk = step.value
      this.#used = 0
      this.#inflated += step.value.length
      if (this.#inflated > INFLATED_FREE) this.#checkRatio()
    }
  }

  /** By the bytes that went in so far: a bomb may lie in the middle of a file that is large itself. */
  #checkRatio(): void {
    const { bytesWritten } = this.#inflate
    if (this.#inflated <= INFLATED_FREE + this.#ratioMax * bytesWritten) return
    const inflated = `${Math.round(this.#inflated / 1e6)} MB come of ${bytesWritten} bytes`
    throw new Fault(
      'data',
      `${this.#path} grows to more than ${this.#ratioMax} times its size: ${inflated}`,
      { hint: 'a decompression bomb? where it is right, raise option inflateRatioMax' },
    )
  }

  #broken(cause: unknown): Fault {
    if (cause instanceof Fault) return cause
    const { code = '', message } = cause as NodeJS.ErrnoException
    const at = `at byte ${this.#inflate.bytesWritten}`
    const short = /BUF_ERROR|unexpected end|srcSize/i.test(`${code} ${message}`)
    if (short)
      return new Fault(
        'data',
        `${this.#path} is cut short: its ${this.#name} stream does not end (${at})`,
        {
          cause,
          hint: 'fetch it again',
        },
      )
    if (/incorrect header check/.test(message)) return this.#goesOn(this.#inflate.bytesWritten)
    const sum = /data check|checksum/i.test(message)
    const what = sum ? 'does not match its checksum' : `is not valid ${this.#name}`
    return new Fault('data', `${this.#path} ${what} (${at}): ${message}`, {
      cause,
      hint: 'fetch it again',
    })
  }

  /** Node ends quietly at bytes that do not continue the stream. */
  async #checkEnd(): Promise<void> {
    const used = this.#inflate.bytesWritten
    const rest = await this.#file.rest(used)
    // Padding with zeros is what tape and block devices leave; gzip itself takes it.
    if (!rest.every(b => b === 0)) throw this.#goesOn(used)
  }

  #goesOn(at: number): Fault {
    return new Fault(
      'data',
      `${this.#path} has bytes after its ${this.#name} stream (at byte ${at})`,
      {
        hint: 'it was not written in one piece: fetch it again',
      },
    )
  }

  close(): void {
    this.#file.stream.destroy()
    this.#inflate.destroy()
  }
}
